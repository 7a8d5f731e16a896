/**
 * Actions that AWS IoT policies know, and the kind of resource each is about.
 * https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-actions.html
 */
export interface ActionFacts {
  /** First part of the resource's name: `topic` of `topic/pit/wall`. Undefined: it is about `*`. */
  resource: string | undefined;
  /** Asked over HTTP alone, where neither client id nor thing is known. */
  httpOnly: boolean;
}

const overMqtt = (resource: string): ActionFacts => ({ resource, httpOnly: false });
const overHttp = (resource?: string): ActionFacts => ({ resource, httpOnly: true });

export const ACTIONS: Readonly<Record<string, ActionFacts>> = {
  'iot:Connect': overMqtt('client'),
  'iot:Publish': overMqtt('topic'),
  'iot:RetainPublish': overMqtt('topic'),
  'iot:Receive': overMqtt('topic'),
  'iot:Subscribe': overMqtt('topicfilter'),
  'iot:GetRetainedMessage': overHttp('topic'),
  'iot:ListRetainedMessages': overHttp(),
  'iot:GetThingShadow': overHttp('thing'),
  'iot:UpdateThingShadow': overHttp('thing'),
  'iot:DeleteThingShadow': overHttp('thing'),
  'iot:ListNamedShadowsForThing': overHttp(),
  'iot:DescribeJobExecution': overHttp('thing'),
  'iot:GetPendingJobExecutions': overHttp('thing'),
  'iot:StartNextPendingJobExecution': overHttp('thing'),
  'iot:UpdateJobExecution': overHttp('thing'),
  'iot:AssumeRoleWithCertificate': overHttp('rolealias'),
};

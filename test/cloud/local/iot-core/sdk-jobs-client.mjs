/**
 * A car on the AWS IoT device SDK, in a process of its own (the SDK's native part holds and may abort its process): does the
 * job that is pending, prints what it saw as one JSON line. Argument: JSON of where to connect.
 */
import { iot, iotjobs, mqtt } from 'aws-iot-device-sdk-v2';

const { port, caPath, certPath, keyPath, thing } = JSON.parse(process.argv[2]);

const config = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(certPath, keyPath)
  .with_certificate_authority_from_path(undefined, caPath)
  .with_endpoint('localhost')
  .with_port(port)
  .with_client_id(thing)
  .build();
const connection = new mqtt.MqttClient().new_connection(config);
await connection.connect();

const jobs = iotjobs.IotJobsClientv2.newFromMqtt311(connection, {
  maxRequestResponseSubscriptions: 10,
  maxStreamingSubscriptions: 4,
  operationTimeoutInSeconds: 10,
});
const of = { thingName: thing };

/** Everything that a stream brings, and whether enough of it is there. */
async function listen(stream) {
  const events = [];
  const waiting = [];
  stream.on('incomingPublish', ({ message }) => {
    events.push(message);
    for (const check of waiting) check();
  });
  const subscribed = new Promise((resolve) => stream.once('subscriptionStatus', resolve));
  stream.open();
  await subscribed;
  return (count) =>
    new Promise((resolve) => {
      const check = () => events.length >= count && resolve(events);
      waiting.push(check);
      check();
    });
}
const lists = await listen(jobs.createJobExecutionsChangedStream(of));
const nexts = await listen(jobs.createNextJobExecutionChangedStream(of));

const { queuedJobs } = await jobs.getPendingJobExecutions(of);
const { execution } = await jobs.startNextPendingJobExecution({ ...of, statusDetails: { step: 'zip' } });
const { jobId } = execution;
const rejected = await jobs
  .updateJobExecution({ ...of, jobId, status: 'SUCCEEDED', expectedVersion: 9 })
  .catch(({ modeledError: { code, executionState } }) => ({ code, executionState }));
const { executionState } = await jobs.updateJobExecution({
  ...of,
  jobId,
  status: 'SUCCEEDED',
  expectedVersion: execution.versionNumber,
  includeJobExecutionState: true,
});
const terminal = await jobs.describeJobExecution({ ...of, jobId }).catch(({ modeledError }) => modeledError.code);
const nothing = (await jobs.describeJobExecution({ ...of, jobId: '$next' })).execution ?? null;

const seen = {
  queued: queuedJobs.map((job) => job.jobId),
  execution: { jobId, status: execution.status, jobDocument: execution.jobDocument },
  rejected,
  executionState,
  terminal,
  nothing,
  lists: (await lists(2)).map((event) => Object.keys(event.jobs)),
  nexts: (await nexts(1)).map((event) => event.execution?.jobId ?? null),
};
process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.exit(0));

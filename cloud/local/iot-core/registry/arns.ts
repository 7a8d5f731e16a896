/** Whose resources these are; shown in ARNs. */
export interface Account {
  region: string;
  accountId: string;
}

/** Resource kinds as ARNs spell them. */
export type ResourceKind =
  | 'cacert'
  | 'cert'
  | 'job'
  | 'policy'
  | 'provisioningtemplate'
  | 'rule'
  | 'ruledestination'
  | 'thing'
  | 'thinggroup'
  | 'thingtype';

/** @example arnOf(account, 'thing', 'car-24') // 'arn:aws:iot:eu-west-1:000000000000:thing/car-24' */
export function arnOf({ region, accountId }: Account, kind: ResourceKind, name: string): string {
  return `arn:aws:iot:${region}:${accountId}:${kind}/${name}`;
}

/** The name in an ARN of this kind; undefined for any other text. */
export function nameInArn(arn: string, kind: ResourceKind): string | undefined {
  const match = /^arn:[^:]+:iot:[^:]*:[^:]*:([a-z]+)\/(.+)$/s.exec(arn);
  return match?.[1] === kind ? match[2] : undefined;
}

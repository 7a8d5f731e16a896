/**
 * What a statement may look up while it runs. Passed in like the senders of the actions, so that SQL knows no client; one that
 * is not given is refused when the rule is created. A rejection ends the rule, unless `get_or_default` is around it. How many
 * are asked at a time, and for how long, is bounded by whoever passes them in (`../bounded-lookups.ts`).
 */
import type { Clock } from '#wire/clock.js';
import type { Value } from './values.js';

export type LookupKind = 'dynamodb' | 'shadow' | 'registry' | 'lambda' | 'secret' | 'model' | 'descriptors';

export interface ItemKey {
  name: string;
  value: Value;
}

/** `signal`: nobody waits for the answer any more. */
export interface Lookups {
  /** get_dynamodb: the item, Undefined when there is none. */
  dynamodb?(request: { table: string; keys: ItemKey[]; roleArn: string }, signal?: AbortSignal): Promise<Value>;
  /** get_thing_shadow: the classic shadow when no name is given. */
  shadow?(request: { thing: string; shadow?: string; roleArn: string }, signal?: AbortSignal): Promise<Value>;
  /** get_registry_data: the answer of that operation. */
  registry?(
    request: { operation: RegistryOperation; thing: string; roleArn: string },
    signal?: AbortSignal,
  ): Promise<Value>;
  /** aws_lambda: what the function answers. */
  lambda?(request: { functionArn: string; payload: Value }, signal?: AbortSignal): Promise<Value>;
  /** get_secret: the whole secret; a key of it is taken here. */
  secret?(request: { id: string; type: SecretType; roleArn: string }, signal?: AbortSignal): Promise<string>;
  /** machinelearning_predict. */
  model?(request: { modelId: string; roleArn: string; record: Value }, signal?: AbortSignal): Promise<Value>;
  /** decode(…, 'proto'): the object in S3, a FileDescriptorSet. */
  descriptors?(request: { bucket: string; key: string }, signal?: AbortSignal): Promise<Uint8Array>;
}

export const REGISTRY_OPERATIONS = ['DescribeThing', 'ListThingGroupsForThing'] as const;
export type RegistryOperation = (typeof REGISTRY_OPERATIONS)[number];

export const SECRET_TYPES = ['SecretString', 'SecretBinary'] as const;
export type SecretType = (typeof SECRET_TYPES)[number];

/** iot-sql §4: secrets and descriptor sets are kept so long. */
const KEPT_MS = 15 * 60_000;
/** Answers kept of each kind; the oldest makes room. */
const MOST_KEPT = 256;

/** The same look-ups, with secrets and descriptor sets kept for 15 minutes of `clock`, as AWS keeps them. */
export function keepSlowAnswers(lookups: Lookups, clock: Clock): Lookups {
  const { secret, descriptors } = lookups;
  return { ...lookups, secret: secret && kept(secret, clock), descriptors: descriptors && kept(descriptors, clock) };
}

function kept<Request, Result>(
  ask: (request: Request) => Promise<Result>,
  clock: Clock,
): (request: Request) => Promise<Result> {
  const answers = new Map<string, { untilMs: number; answer: Promise<Result> }>();
  return (request) => {
    const key = JSON.stringify(request);
    const known = answers.get(key);
    if (known !== undefined && clock.nowMs() < known.untilMs) return known.answer;
    const answer = ask(request);
    answers.delete(key);
    if (answers.size >= MOST_KEPT) answers.delete(answers.keys().next().value!);
    answers.set(key, { untilMs: clock.nowMs() + KEPT_MS, answer });
    // What failed is asked again, not remembered.
    answer.catch(() => answers.get(key)?.answer === answer && answers.delete(key));
    return answer;
  };
}

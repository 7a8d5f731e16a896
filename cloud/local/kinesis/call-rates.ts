import { AwsError } from '../aws-error.js';
import type { JsonObject, Operation } from '../json-service.js';
import { TokenBucket } from '../token-bucket.js';
import { type KinesisContext, streamNamed } from './context.js';
import type { CallRate } from './limits.js';

/** The same operations, each refusing with LimitExceededException what is above its rate on the race clock. */
export function withCallRates(
  operations: Readonly<Record<string, Operation>>,
  context: KinesisContext,
): Record<string, Operation> {
  const limited = (name: string, run: Operation, { perSecond, of }: CallRate): Operation => {
    const { raceClock } = context;
    const account = new TokenBucket(perSecond, raceClock.nowMs());
    const streams = new WeakMap<object, TokenBucket>();
    const bucketOf = (input: JsonObject): TokenBucket => {
      const stream = of === 'stream' ? streamNamed(context, input) : undefined;
      if (stream === undefined) return account;
      const bucket = streams.get(stream) ?? new TokenBucket(perSecond, raceClock.nowMs());
      streams.set(stream, bucket);
      return bucket;
    };
    return (input) => {
      const bucket = bucketOf(input);
      const nowMs = raceClock.nowMs();
      if (!bucket.has(1, nowMs)) {
        throw new AwsError('LimitExceededException', `Rate exceeded: ${name} is served ${perSecond} times a second.`);
      }
      bucket.take(1, nowMs);
      return run(input);
    };
  };
  return Object.fromEntries(
    Object.entries(operations).map(([name, run]) => {
      const rate = context.limits.callRates[name];
      return [name, rate === undefined ? run : limited(name, run, rate)];
    }),
  );
}

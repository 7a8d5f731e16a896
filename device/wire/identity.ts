import { PitwallError } from './errors.js';

/**
 * Identity is (thing, boot, seq) — architecture, decision 2. The thing is the AWS IoT thing name; the boot is a durable
 * counter and 64 random bits, stored before the first message; seq counts everything that a boot publishes except
 * health, from 1. Text form of a boot: `<counter>-<16 hex digits>`, e.g. `12-00f3a91c5e2b7d40`.
 */
export interface Boot {
  /** 1 … 2³²−1. Grows with every start of the agent. */
  counter: number;
  /** 64 random bits, so that a restored or cloned disk cannot reuse an identity. */
  random: bigint;
}

/** Thing names as AWS IoT allows them: 1–128 of `a-z A-Z 0-9 : _ -`. */
export const THING_NAME = /^[a-zA-Z0-9:_-]{1,128}$/;

export function formatBoot(boot: Boot): string {
  return `${boot.counter}-${boot.random.toString(16).padStart(16, '0')}`;
}

/** Raises PW-WIRE-MESSAGE when the text is not a boot. */
export function parseBoot(text: string): Boot {
  const match = /^(\d{1,10})-([0-9a-f]{16})$/.exec(text);
  if (!match) {
    throw new PitwallError('PW-WIRE-MESSAGE', { what: `"${text}" is not a boot; wanted e.g. 12-00f3a91c5e2b7d40.` });
  }
  return { counter: Number(match[1]), random: BigInt(`0x${match[2]}`) };
}

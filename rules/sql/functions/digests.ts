/** Digests of a value's text, in hexadecimal (iot-sql §4). */
import { createHash } from 'node:crypto';
import { toText } from '../conversions.js';
import type { FunctionFamily, SqlFunction } from './definition.js';
import { md2 } from './md2.js';

/** MD2 has no machine code: a character costs what fifteen others do. */
const MD2_COST = 15;

const digest = (hash: (text: string) => string, cost = 1): SqlFunction => ({
  arity: [1, 1],
  call: ([argument], { work }) => {
    const text = toText(argument, work);
    if (text === undefined) return undefined;
    work.spend(text.length * cost);
    return hash(text);
  },
});

const openssl = (algorithm: string): SqlFunction => digest((text) => createHash(algorithm).update(text).digest('hex'));

export const digestFunctions: FunctionFamily = {
  md2: digest((text) => md2(Buffer.from(text)), MD2_COST),
  md5: openssl('md5'),
  sha1: openssl('sha1'),
  sha224: openssl('sha224'),
  sha256: openssl('sha256'),
  sha384: openssl('sha384'),
  sha512: openssl('sha512'),
};

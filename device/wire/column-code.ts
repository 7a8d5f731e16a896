/** What writer and reader of columns share; `frame.ts` has the bits. */
export const INT32_MAX = 2_147_483_647;

/** Codes from here on are Rice codes; below they are widths. */
export const RICE_FROM = 33;
/** Low bits at most: with a byte's rest they fit one 32-bit step. */
export const RICE_BITS_MAX = 24;
/** So many ones announce a residual in 32 bits. */
export const RICE_ESCAPE = 24;

export function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

export function unzigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}

export function bitsFor(value: number): number {
  return 32 - Math.clz32(value);
}

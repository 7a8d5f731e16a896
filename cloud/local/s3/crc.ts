/**
 * The two CRCs of S3 that Node lacks, reflected, initial value and final xor all ones, eight bytes a step (slicing by eight):
 * CRC-32C (RFC 3720, Castagnoli) and CRC-64/NVME (NVM Express base specification 2.0, 5.2.1.3.4). Bytes in, state out: a
 * state starts as 0 and goes back in with the next bytes. And what a CRC becomes when more bytes follow (`combineCrc`).
 */

const SLICES = 8;

const CRC32C = 0x82f63b78;
const CRC64_HIGH = 0x9a6c9329;
const CRC64_LOW = 0xac4bc9b5;

const table32 = makeTable32();
const table64 = makeTable64();

export function crc32c(bytes: Uint8Array, state = 0): number {
  const t = table32;
  let crc = ~state;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc =
      t[0x700 | (crc & 0xff)] ^
      t[0x600 | ((crc >>> 8) & 0xff)] ^
      t[0x500 | ((crc >>> 16) & 0xff)] ^
      t[0x400 | (crc >>> 24)] ^
      t[0x300 | bytes[i + 4]] ^
      t[0x200 | bytes[i + 5]] ^
      t[0x100 | bytes[i + 6]] ^
      t[bytes[i + 7]];
  }
  for (; i < bytes.length; i++) crc = t[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** 64 bits as two halves: BigInt costs a hundred times as much. */
export interface Crc64 {
  high: number;
  low: number;
}

export function crc64nvme(bytes: Uint8Array, state: Crc64 = { high: 0, low: 0 }): Crc64 {
  const { high: h, low: l } = table64;
  let high = ~state.high;
  let low = ~state.low;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    low ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    high ^= bytes[i + 4] | (bytes[i + 5] << 8) | (bytes[i + 6] << 16) | (bytes[i + 7] << 24);
    const a = 0x700 | (low & 0xff);
    const b = 0x600 | ((low >>> 8) & 0xff);
    const c = 0x500 | ((low >>> 16) & 0xff);
    const d = 0x400 | (low >>> 24);
    const e = 0x300 | (high & 0xff);
    const f = 0x200 | ((high >>> 8) & 0xff);
    const g = 0x100 | ((high >>> 16) & 0xff);
    const k = high >>> 24;
    high = h[a] ^ h[b] ^ h[c] ^ h[d] ^ h[e] ^ h[f] ^ h[g] ^ h[k];
    low = l[a] ^ l[b] ^ l[c] ^ l[d] ^ l[e] ^ l[f] ^ l[g] ^ l[k];
  }
  for (; i < bytes.length; i++) {
    const at = (low ^ bytes[i]) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ l[at];
    high = (high >>> 8) ^ h[at];
  }
  return { high: ~high >>> 0, low: ~low >>> 0 };
}

/** Width in bits and reflected polynomial of the CRCs that can be combined. */
const POLYNOMIALS = {
  CRC32: { width: 32n, polynomial: 0xedb88320n },
  CRC32C: { width: 32n, polynomial: 0x82f63b78n },
  CRC64NVME: { width: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
} as const;

export type CrcName = keyof typeof POLYNOMIALS;

/**
 * CRC of two texts after each other, from the CRC of each: the first, multiplied by x to the number of bits that follow,
 * modulo the polynomial, plus the second.
 */
export function combineCrc(name: CrcName, first: bigint, second: bigint, secondBytes: number): bigint {
  const { width, polynomial } = POLYNOMIALS[name];
  const one = 1n << (width - 1n);
  const multiply = (a: bigint, b: bigint): bigint => {
    let product = 0n;
    for (let bit = one, shifted = b; bit !== 0n; bit >>= 1n) {
      if (a & bit) product ^= shifted;
      shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
    }
    return product;
  };
  let power = one;
  let square = one >> 8n;
  for (let exponent = BigInt(secondBytes); exponent !== 0n; exponent >>= 1n) {
    if (exponent & 1n) power = multiply(power, square);
    square = multiply(square, square);
  }
  return multiply(power, first) ^ second;
}

function makeTable32(): Uint32Array {
  const table = new Uint32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ CRC32C : crc >>> 1;
    table[byte] = crc;
  }
  for (let i = 256; i < table.length; i++) table[i] = table[table[i - 256] & 0xff] ^ (table[i - 256] >>> 8);
  return table;
}

function makeTable64(): { high: Uint32Array; low: Uint32Array } {
  const high = new Uint32Array(SLICES * 256);
  const low = new Uint32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let h = 0;
    let l = byte;
    for (let bit = 0; bit < 8; bit++) {
      const carry = l & 1;
      l = (l >>> 1) | (h << 31);
      h >>>= 1;
      if (carry) {
        h ^= CRC64_HIGH;
        l ^= CRC64_LOW;
      }
    }
    high[byte] = h;
    low[byte] = l;
  }
  for (let i = 256; i < high.length; i++) {
    const at = low[i - 256] & 0xff;
    low[i] = ((low[i - 256] >>> 8) | (high[i - 256] << 24)) ^ low[at];
    high[i] = (high[i - 256] >>> 8) ^ high[at];
  }
  return { high, low };
}

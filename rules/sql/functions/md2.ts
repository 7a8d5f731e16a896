/** MD2 (RFC 1319): AWS IoT SQL has it, OpenSSL 3 has not. */

const BLOCK = 16;

/** The permutation of RFC 1319, made as the RFC says: from the digits of pi (Fisher-Yates, digits drawn as needed). */
const S = permutation();

function permutation(): Uint8Array {
  const digits = piDigits();
  const s = Uint8Array.from({ length: 256 }, (_, i) => i);
  const below = (limit: number): number => {
    for (;;) {
      const [range, drawn] = limit > 100 ? [1000, 3] : limit > 10 ? [100, 2] : [10, 1];
      let value = 0;
      for (let i = 0; i < drawn; i++) value = value * 10 + digits.next().value;
      if (value < limit * Math.floor(range / limit)) return value % limit;
    }
  };
  for (let i = 2; i <= 256; i++) {
    const j = below(i);
    const held = s[j];
    s[j] = s[i - 1];
    s[i - 1] = held;
  }
  return s;
}

/** Decimal digits of pi, 3 first (Gibbons' unbounded spigot). */
function* piDigits(): Generator<number, never> {
  let [q, r, t, k, n, l] = [1n, 0n, 1n, 1n, 3n, 3n];
  for (;;) {
    if (4n * q + r - t < n * t) {
      yield Number(n);
      const carried = 10n * (r - n * t);
      n = (10n * (3n * q + r)) / t - 10n * n;
      q *= 10n;
      r = carried;
    } else {
      const grown = (2n * q + r) * l;
      n = (q * (7n * k) + 2n + r * l) / (t * l);
      q *= k;
      t *= l;
      l += 2n;
      k += 1n;
      r = grown;
    }
  }
}

/** Digest of bytes, in hexadecimal. */
export function md2(bytes: Uint8Array): string {
  const padding = BLOCK - (bytes.length % BLOCK);
  const message = new Uint8Array(bytes.length + padding + BLOCK).fill(padding);
  message.set(bytes);
  message.set(checksum(message.subarray(0, -BLOCK)), message.length - BLOCK);

  const state = new Uint8Array(3 * BLOCK);
  for (let at = 0; at < message.length; at += BLOCK) {
    for (let i = 0; i < BLOCK; i++) {
      state[BLOCK + i] = message[at + i];
      state[2 * BLOCK + i] = state[BLOCK + i] ^ state[i];
    }
    let carried = 0;
    for (let round = 0; round < 18; round++) {
      for (let i = 0; i < state.length; i++) carried = state[i] ^= S[carried];
      carried = (carried + round) & 0xff;
    }
  }
  return Buffer.from(state.subarray(0, BLOCK)).toString('hex');
}

function checksum(message: Uint8Array): Uint8Array {
  const sum = new Uint8Array(BLOCK);
  let last = 0;
  for (let i = 0; i < message.length; i++) last = sum[i % BLOCK] ^= S[message[i] ^ last];
  return sum;
}

/** How bytes of a text file are to be read. */
export type Encoding = 'utf8' | 'windows-1252';

/** Windows-1252 at 0x80 to 0x9F; the five codes that it leaves free stay what they are in Latin-1. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** An own table: Node's `TextDecoder` reads windows-1252 as Latin-1 in some of its releases. */
export function decodeText(bytes: Uint8Array, encoding: Encoding = 'utf8'): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (encoding === 'utf8') return buffer.toString('utf8');
  return buffer.toString('latin1').replace(/[\u0080-\u009f]/g, (char) => WINDOWS_1252[char.charCodeAt(0) - 0x80]);
}

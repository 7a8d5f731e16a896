/**
 * Frame, version 1: one window of samples of one thing, decodable alone once its channel table is known.
 *
 *     frame  = header block                                     little-endian throughout
 *     header = magic      2 bytes  0x50 0x57 ("PW")
 *              version    u8       1
 *              lane       u8       0 live, 1 backfill; not covered by the CRC: the same frame may be sent on either
 *              crc32      u32      IEEE, over every byte after this field
 *              boot       u32 u64  counter, random
 *              seq        u64      1 … 2^53−1, one counter per boot for all that the thing publishes
 *              back       u32      seq − seq of the thing's previous frames-family record; = seq for the first of a boot
 *              eventTime  f64      race-clock epoch ms of the frame's origin
 *              monotonic  f64      ms since boot at the same moment (survives any correction of the clock)
 *              clock      u8 u8 u16  quality (0 unknown, 1 wall, 2 peer, 3 GPS), reserved 0, estimated error ms (65535 = unknown)
 *              table      8 bytes  channel table hash
 *              thing      u8 + UTF-8
 *     block  = groups     varint
 *              group*     channels that share their sample times
 *     group  = kind       u8       0 regular, 1 irregular
 *              count      varint   samples per channel, ≥ 1
 *              regular:   start    zigzag varint µs after eventTime, period varint µs
 *              irregular: times    column of µs after eventTime
 *              channels   varint count; first index varint; then index − previous − 1 varint each
 *              column     one per channel
 *     column = form       u8       bits 0–1 kind, bits 2–7 code w
 *              kind 0     base zigzag varint; count residuals, value = base + residual
 *              kind 1, 2  first 1 or 2 values zigzag varint; then zigzag residuals of the 1st or 2nd difference
 *              kind 3     ceil(count / 8) bytes, bit i set = sample i is there; then a column of kind 0–2 of those only
 *     w 0–32   each residual in w bits
 *     w 33–57  each residual r in a Rice code with k = w − 33: r >> k ones and a zero, then the low k bits of r;
 *              24 ones (no zero): r follows in 32 bits
 *     bits are packed from the least significant bit of each byte; a column ends on a byte boundary.
 *     varint = LEB128, at most 5 bytes; zigzag(n) = (n << 1) ^ (n >> 31)
 *
 * Values are 32-bit integers: round((physical − offset) / scale). A value that does not fit is written as missing and
 * counted by the encoder. The kind and code with the smallest column win, per column and frame.
 */
export { decodeFrame, decodeFrameHeader } from './frame-decoder.js';
export { FrameEncoder } from './frame-encoder.js';
export {
  FRAME_VERSION,
  type Frame,
  type FrameHeader,
  type FrameTable,
  MAX_FRAME_BYTES,
  type SampleGroup,
  setFrameLane,
} from './frame-format.js';

/**
 * The parameter group of a J1939 id (SAE J1939-21): 29 bits are priority 3, reserved and data page 2, PDU format 8, PDU
 * specific 8, source address 8. Below format 240 PDU specific is the destination, which is no part of the number.
 *
 * @example
 * pgnOf(0x0cf00400); // 0xf004, engine speed
 */
export function pgnOf(id: number): number {
  const format = (id >>> 16) & 0xff;
  const page = (id >>> 8) & 0x3_0000;
  return format < 240 ? page | (format << 8) : page | (format << 8) | ((id >>> 8) & 0xff);
}

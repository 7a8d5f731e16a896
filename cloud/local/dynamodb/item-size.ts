import type { Item } from './engine.js';

/**
 * Sizes as DynamoDB counts them ("DynamoDB item sizes and formats"): names and texts in UTF-8 bytes, numbers about a byte for two
 * digits. For stream records and transactions; the engine's own count takes characters for bytes.
 */
export function itemBytes(item: Item): number {
  let bytes = 0;
  for (const name in item) bytes += textBytes(name) + valueBytes(item[name]);
  return bytes;
}

/** What a list or map costs beside its members. */
const COLLECTION_BYTES = 3;
const MEMBER_BYTES = 1;

function valueBytes(value: Item[string]): number {
  for (const type in value) {
    const held = value[type];
    switch (type) {
      case 'S':
        return textBytes(held as string);
      case 'N':
        return numberBytes(held as string);
      case 'B':
        return binaryBytes(held as string);
      case 'SS':
        return sum(held as string[], textBytes);
      case 'NS':
        return sum(held as string[], numberBytes);
      case 'BS':
        return sum(held as string[], binaryBytes);
      case 'L':
        return COLLECTION_BYTES + sum(held as Item[string][], (member) => MEMBER_BYTES + valueBytes(member));
      case 'M':
        return COLLECTION_BYTES + Object.keys(held as Item).length * MEMBER_BYTES + itemBytes(held as Item);
    }
  }
  // BOOL and NULL.
  return 1;
}

function textBytes(text: string): number {
  return Buffer.byteLength(text);
}

function binaryBytes(base64: string): number {
  return Buffer.byteLength(base64, 'base64');
}

/** A plain decimal, as the engine stores it. Two digits a byte, pairs counted from the decimal point; sign and exponent aside. */
function numberBytes(decimal: string): number {
  const isNegative = decimal.startsWith('-');
  const [whole, fraction = ''] = (isNegative ? decimal.slice(1) : decimal).split('.');
  const digits = (whole + fraction).replace(/^0+/, '').replace(/0+$/, '').length;
  if (digits === 0) return 1;
  const leadingZeros = /^0*/.exec(fraction)?.[0].length ?? 0;
  const exponent = whole === '0' ? -(leadingZeros + 1) : whole.length - 1;
  const straddles = digits % 2 === 0 && exponent % 2 === 0;
  return 1 + Math.ceil(digits / 2) + (straddles ? 1 : 0) + (isNegative ? 1 : 0);
}

function sum<Member>(members: Member[], bytesOf: (member: Member) => number): number {
  let bytes = 0;
  for (const member of members) bytes += bytesOf(member);
  return bytes;
}

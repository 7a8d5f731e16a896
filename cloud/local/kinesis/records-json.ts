/**
 * An answer with records: what was stored as JSON goes out as it is, the other members behind it. Without a copy of any
 * record.
 */
export function encodeRecords(json: readonly Uint8Array[], rest: object): Uint8Array[] {
  const chunks: Uint8Array[] = [HEAD];
  json.forEach((part, i) => {
    if (i > 0) chunks.push(COMMA);
    chunks.push(part);
  });
  chunks.push(Buffer.from(`],${JSON.stringify(rest).slice(1)}`));
  return chunks;
}

const HEAD = Buffer.from('{"Records":[');
const COMMA = Buffer.from(',');

/**
 * Sequence numbers: 21 decimal digits (the least that the API allows), opaque to clients.
 *
 *     1 | number (20)
 *
 * One counter per stream, so that they are unique in it and rise within a shard and from parent to child. A shard's first and last are given to
 * no record: they are its StartingSequenceNumber and EndingSequenceNumber.
 */
const SHAPE = /^1\d{20}$/;

export function formatSequence(number: number): string {
  return `1${String(number).padStart(20, '0')}`;
}

/** Undefined when it was not given out here. */
export function parseSequence(text: string): number | undefined {
  if (!SHAPE.test(text)) return undefined;
  const number = Number(text.slice(1));
  return Number.isSafeInteger(number) ? number : undefined;
}

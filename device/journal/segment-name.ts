import { PRIORITIES, type Priority } from './record.js';

/** What the name of a segment's file tells: its place in the order of writing, what is in it, and how thin. */
export interface SegmentName {
  number: number;
  priority: Priority;
  /** Its frames were thinned out to every n-th sample; 1 = as recorded. */
  keepEvery: number;
}

const NAME = /^(\d{8,})\.([a-z]+)(?:\.(\d+))?\.seg$/;

/** `00000012.normal.seg`, or thinned out `00000012.normal.4.seg`. */
export function formatSegmentName({ number, priority, keepEvery }: SegmentName): string {
  return `${String(number).padStart(8, '0')}.${priority}${keepEvery > 1 ? `.${keepEvery}` : ''}.seg`;
}

/** Undefined for any other file. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const [, number, word, keepEvery] = NAME.exec(name) ?? [];
  const priority = PRIORITIES.find((each) => each === word);
  return priority && { number: Number(number), priority, keepEvery: Number(keepEvery ?? 1) };
}

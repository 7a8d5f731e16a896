/** Why a row is not loaded. The words go into the reject file, so they are as stable as error codes. */
const REJECT_REASONS = {
  'too-long': 'The line is longer than a record may be.',
  'unclosed-quote': 'A quoted cell begins in the line and never ends.',
  'cell-count': 'The row has another number of cells than the header.',
  'no-time': 'The time is missing.',
  'bad-time': 'The time cannot be read.',
  'time-range': 'The time lies before September 2001 or after November 2286.',
  'no-name': 'The car, thing or channel is missing.',
  'bad-name': 'The name of a car, thing or channel has more than 128 bytes or a "#", which parts keys.',
  'bad-number': 'A cell that should hold a number does not.',
  'bad-lap': 'The lap is no whole number, or 32768: a counter that had no lap.',
  'bad-lap-time': 'The lap time cannot be read.',
  'no-elapsed': 'Neither the time of the lap nor what it is counted from is there.',
  'too-many-keys': 'The file has more cars and channels than one load keeps apart.',
} as const;
export type RejectReason = keyof typeof REJECT_REASONS;

/** One line of the reject file. The text is the row as it was read: mended it can be loaded again, under the same header. */
export interface Reject {
  line: number;
  reason: RejectReason;
  column?: string;
  text: string;
}

/** A row that cannot be loaded. Not an error: it goes to the reject file and the load goes on. */
export class Rejected {
  readonly reason: RejectReason;
  readonly column: string | undefined;

  constructor(reason: RejectReason, column?: string) {
    this.reason = reason;
    this.column = column;
  }
}

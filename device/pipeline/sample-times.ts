import type { SampleBlock } from '../sources/source.js';

/** Microseconds of a block's row after its `timeMs`. */
export function rowUs(block: SampleBlock, row: number): number {
  return block.timesUs ? block.timesUs[row] : row * block.periodUs;
}

/** Epoch ms of a block's row. */
export function rowMs(block: SampleBlock, row: number): number {
  return block.timeMs + rowUs(block, row) / 1000;
}

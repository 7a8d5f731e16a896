import type { DeadLetter, DeadLetterStore } from '#cloud/streams/dead-letters.js';

/** A store that keeps its letters in `letters`. */
export function collected(letters: DeadLetter[]): DeadLetterStore {
  return {
    put: async (letter) => {
      letters.push(letter);
    },
    stats: () => ({ stored: letters.length, bytes: 0, refused: 0 }),
  };
}

/** Where a text stands in another. */

/** Up to here the engine's own search is as good as linear; beyond it, `aaa…b` in `aaa…` would take it minutes. */
const SHORT = 32;

/** A text to look for, prepared once (Knuth, Morris and Pratt: never looks at a character of the other text twice). */
export class TextSearch {
  readonly #part: string;
  /** For each prefix, the length of its longest proper beginning that is also its end. */
  readonly #borders: Int32Array | undefined;

  constructor(part: string) {
    this.#part = part;
    this.#borders = part.length <= SHORT ? undefined : bordersOf(part);
  }

  /** Place of the first occurrence at or after `from`; negative when there is none. */
  indexIn(text: string, from = 0): number {
    const part = this.#part;
    const borders = this.#borders;
    if (borders === undefined) return text.indexOf(part, from);
    let matched = 0;
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      while (matched > 0 && part.charCodeAt(matched) !== code) matched = borders[matched - 1];
      if (part.charCodeAt(matched) === code) matched++;
      if (matched === part.length) return at + 1 - matched;
    }
    return -1;
  }

  /** Places of all occurrences that do not overlap. */
  placesIn(text: string): number[] {
    const places: number[] = [];
    for (let at = this.indexIn(text); at >= 0; at = this.indexIn(text, at + this.#part.length)) places.push(at);
    return places;
  }
}

function bordersOf(part: string): Int32Array {
  const borders = new Int32Array(part.length);
  let length = 0;
  for (let i = 1; i < part.length; i++) {
    while (length > 0 && part.charCodeAt(i) !== part.charCodeAt(length)) length = borders[length - 1];
    if (part.charCodeAt(i) === part.charCodeAt(length)) length++;
    borders[i] = length;
  }
  return borders;
}

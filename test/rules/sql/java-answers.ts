/** What Java answers to a case (`test/interop/java` asks it), and what pitwall does, in one shape. */
import { JavaRegExp, PatternError } from '#rules/sql/regexp/index.js';
import { Work } from '#rules/sql/work.js';
import { evaluated } from './evaluate.js';

/** Joda-Time writes. Null: the pattern or the zone is refused. */
export interface JodaAnswer {
  pattern: string;
  ms: number;
  zone: string;
  text: string | null;
}

/** java.time reads. Null: the pattern or the text is refused. */
export interface TimeAnswer {
  text: string;
  pattern: string;
  epochMs: number | null;
}

/** `found`: the first match in a list, null for none, or "error". `replaced` is null where there is nothing to replace. */
export interface RegexpAnswer {
  pattern: string;
  text: string;
  by: string;
  found: [string] | null | 'error';
  replaced: string | null;
}

export function ourJodaAnswer({ pattern, ms, zone }: JodaAnswer): JodaAnswer {
  const text = evaluated('parse_time(p, t, z)', { payload: { p: pattern, t: ms, z: zone } });
  return { pattern, ms, zone, text: (text as string | undefined) ?? null };
}

export function ourTimeAnswer({ text, pattern }: TimeAnswer): TimeAnswer {
  const epochMs = evaluated('time_to_epoch(t, p)', { payload: { t: text, p: pattern } });
  return { text, pattern, epochMs: (epochMs as number | undefined) ?? null };
}

export function ourRegexpAnswer({ pattern, text, by }: RegexpAnswer): RegexpAnswer {
  const given = { pattern, text, by };
  const expression = unlessRefused(() => new JavaRegExp(pattern));
  if (expression === null) return { ...given, found: 'error', replaced: null };
  const found = expression.first(text, newWork());
  if (found === undefined) return { ...given, found: null, replaced: null };
  const replaced = unlessRefused(() => expression.replace(text, expression.replacement(by), newWork(), () => {}));
  return { ...given, found: [found], replaced };
}

const newWork = () => new Work(() => 0);

function unlessRefused<Result>(make: () => Result): Result | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof PatternError) return null;
    throw error;
  }
}

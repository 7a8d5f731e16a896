/** What a race tells while it runs: JSON lines on stdout for programs, a line now and then on stderr for people. */
export interface Progress {
  type: 'progress';
  phase: 'starting' | 'running' | 'draining' | 'finished';
  lap: number;
  lapsTotal: number;
  flag: string;
  /** Race seconds since the start. */
  raceSeconds: number;
  /** Race seconds per wall second now, and what holds it below what was asked. */
  speed: number;
  heldBy: string | null;
  /** Of a replay that is to join the running race: race seconds until it does. */
  behindSeconds?: number;
}

export interface Voice {
  progress(progress: Progress): void;
  /** For people only. */
  say(line: string): void;
  /** A JSON line; for people, nothing. */
  result(value: unknown): void;
}

export function createVoice(json: boolean): Voice {
  if (json) {
    const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
    return { progress: print, say: () => {}, result: print };
  }
  let last = '';
  return {
    progress: ({ phase, lap, lapsTotal, flag, speed, heldBy, behindSeconds }) => {
      const line = `${phase} · lap ${lap}/${lapsTotal} · ${flag}`;
      if (line === last) return;
      last = line;
      const held = heldBy ? ` (held by ${heldBy})` : '';
      const behind = behindSeconds ? ` · ${behindSeconds} s behind live` : '';
      process.stderr.write(`${line} · speed ${speed.toFixed(1)}${held}${behind}\n`);
    },
    say: (line) => process.stderr.write(`${line}\n`),
    result: () => {},
  };
}

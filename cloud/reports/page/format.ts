/** How figures are written on sheets. A typographic minus, so that columns of deltas line up. */

/** `1:37.428`, below a minute `37.428`; `–` where there is none. */
export function lapTime(ms: number | null | undefined, digits = 3): string {
  if (ms === null || ms === undefined) return '–';
  // Rounded first: 59.9996 s is a minute.
  const units = Math.round((ms / 1000) * 10 ** digits);
  const perMinute = 60 * 10 ** digits;
  const minutes = Math.floor(units / perMinute);
  const seconds = ((units % perMinute) / 10 ** digits).toFixed(digits);
  return minutes > 0 ? `${minutes}:${seconds.padStart(digits + (digits > 0 ? 3 : 2), '0')}` : seconds;
}

/** `+0.312`, `−0.045`, `0.000`. */
export function delta(ms: number | null | undefined, digits = 3): string {
  if (ms === null || ms === undefined) return '–';
  const text = Math.abs(ms / 1000).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${ms < 0 ? '−' : '+'}${text}`;
}

/** `0.18`: a width has no sign. */
export function seconds(ms: number, digits = 2): string {
  return (ms / 1000).toFixed(digits);
}

/** `21 Nov 2026, 13:05–13:52 UTC`. */
export function timeSpan(fromMs: number, toMs: number): string {
  const day = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' });
  const time = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' });
  const [from, to] = [new Date(fromMs), new Date(toMs)];
  const sameDay = day.format(from) === day.format(to);
  const until = sameDay ? time.format(to) : `${day.format(to)}, ${time.format(to)}`;
  return `${day.format(from)}, ${time.format(from)}–${until} UTC`;
}

import type { Examined } from '#cloud/load/examine.js';
import type { LoadProgress, LoadSummary } from '#cloud/load/load.js';

const KINDS = {
  laps: 'laps: a row for each lap',
  long: 'long telemetry: a row for each sample',
  wide: 'wide telemetry: a row for each moment, a column for each channel',
} as const;
const CLOCKS = {
  time: 'its own column',
  elapsed: 'the elapsed time, from --start',
  sum: 'the lap times before it, from --start',
} as const;
const BAR_WIDTH = 20;

/** How a file would be read, for a person. */
export function describeExamined({ file, encoding, schema, lacksStart }: Examined, into: string): string {
  const { columns, dialect, kind, lapClock, thing, timeForm } = schema;
  const lines = [
    `${file.path} · ${kilobytes(file.bytes)}${file.isPacked ? ', gzip' : ''}, ${encoding}, delimiter ${JSON.stringify(dialect.delimiter)}, decimal "${dialect.decimal}"`,
    `  ${KINDS[kind]} → ${into}`,
  ];
  const named = columns.filter(({ role }) => role !== 'channel' && role !== 'ignore');
  for (const { role, title } of named) {
    lines.push(`  ${role.padEnd(10)} ${title}${role === 'time' && timeForm ? ` (${timeForm})` : ''}`);
  }
  const owner = kind === 'laps' ? 'entry' : 'thing';
  if (thing && !named.some(({ role }) => role === owner)) lines.push(`  ${owner.padEnd(10)} ${thing} for all rows`);
  if (lapClock) lines.push(`  ended at   ${CLOCKS[lapClock]}`);
  const channels = columns.filter(({ role }) => role === 'channel');
  if (channels.length > 0) {
    const texts = channels.map(({ name, unit }) => (unit === '1' ? name : `${name} [${unit}]`));
    lines.push(`  ${kind === 'laps' ? 'also      ' : 'channels  '} ${texts.join(', ')}`);
  }
  const left = columns.filter(({ role }) => role === 'ignore').map(({ title }) => title || '(no title)');
  if (left.length > 0) lines.push(`  not read   ${left.join(', ')}`);
  if (lacksStart) lines.push('  Its times are not of the calendar: give --start.');
  return lines.join('\n');
}

/** How far a load is, in one line. `rowsPerS` and `unitsPerS` are those of the last seconds. */
export function progressLine(
  progress: LoadProgress,
  now: { rowsPerS: number; unitsPerS: number; etaS: number | null },
) {
  const share = progress.fileBytes === 0 ? 1 : Math.min(1, progress.readBytes / progress.fileBytes);
  const full = Math.round(share * BAR_WIDTH);
  const parts = [
    `[${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}] ${Math.floor(share * 100)} %`,
    `${count(progress.rows)} rows`,
    `${count(Math.round(now.rowsPerS))} rows/s`,
    `${count(Math.round(now.unitsPerS))} write units/s`,
    `ETA ${now.etaS === null ? '–' : clock(now.etaS)}`,
    `throttled ${share01(progress.throttled, progress.items + progress.throttled)}`,
  ];
  if (progress.rejected > 0) parts.push(`rejected ${count(progress.rejected)}`);
  return parts.join(' · ');
}

/** What a load came to. */
export function summaryText(summary: LoadSummary, provisionedUnits: number | undefined): string {
  const seconds = summary.elapsedMs / 1000;
  const state = { loaded: 'loaded', before: 'was loaded before', interrupted: 'ended early; run it again to go on' };
  const perS = seconds > 0 ? summary.units / seconds : 0;
  const allowed = provisionedUnits ? `, the table allows ${count(provisionedUnits)}` : '';
  const lines = [
    `${summary.file}: ${state[summary.state]}`,
    `  ${count(summary.rows)} rows, ${count(summary.taken)} samples or laps, ${count(summary.items)} items in ${clock(seconds)}`,
    `  ${count(Math.round(summary.units))} write units, ${count(Math.round(perS))} a second${allowed}; throttled ${share01(summary.throttled, summary.items + summary.throttled)}, calls made again ${summary.retries}`,
  ];
  if (summary.rejectPath) lines.push(`  ${count(summary.rejected)} rows rejected: ${summary.rejectPath}`);
  return lines.join('\n');
}

const count = (value: number): string => value.toLocaleString('en-US');

function share01(part: number, all: number): string {
  return part === 0 ? '0 %' : `${((part / all) * 100).toFixed(1)} %`;
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60) % 60;
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function kilobytes(bytes: number): string {
  return bytes < 10_000_000 ? `${count(Math.ceil(bytes / 1000))} KB` : `${count(Math.round(bytes / 1e6))} MB`;
}

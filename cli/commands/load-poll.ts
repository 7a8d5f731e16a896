import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { closeClients, createClients } from '#cloud/clients.js';
import { type GetText, type Looked, lookAt, poll } from '#cloud/load/poll.js';
import { refuseOwned } from '#cloud/load/runs.js';
import { targetTable } from '#cloud/load/target-table.js';
import { ensureTable } from '#cloud/provision.js';
import { tables } from '#cloud/resources.js';
import { wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { agreed } from '../agree.js';
import { EXIT } from '../exit.js';
import { Loaders, loadPath } from '../load/loaders.js';
import { checkName, type LoadFlags, optionsOf } from '../load/options.js';
import { LoadReport } from '../load/report.js';
import { positive } from '../operator.js';
import { systemRandom } from '../random.js';
import { cloudOf, remoteError } from '../remote.js';
import { configFor } from './config.js';

const EVERY_S = 5;
const TIMEOUT_MS = 10_000;
/** A larger answer is no live feed. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/** Asks a live endpoint again and again, and loads what has changed, until ^C or so many answers. */
export async function loadPolled(url: string, flags: LoadFlags): Promise<void> {
  const schemaOptions = optionsOf(flags);
  const run = checkName('--run', flags.run ?? nameOf(url));
  const polls = positive('--polls', flags.polls);
  const everyMs = (positive('--every', flags.every) || EVERY_S) * 1000;
  const ttlDays = positive('--ttl', flags.ttl) || undefined;
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const looked = await lookAt(url, getText, { ...schemaOptions, path: flags.at }, stop.signal);
    const target = targetTable(looked.schema.kind, run, flags.tablePerRun === true);
    show(looked, `${target.table.name}, run ${run}`, flags);
    if (flags.dryRun) return;
    const would = { would: 'The tables would be written', look: '--dry-run' };
    if (!flags.yes && !(await agreed('Load it?', would))) return;
    const { config } = configFor({ data: flags.data });
    const { dynamodb } = await createClients(await cloudOf(config), ['dynamodb']);
    try {
      await ensureTable(dynamodb, tables.state);
      if (looked.schema.kind === 'laps') await refuseOwned(dynamodb, tables.state.name, run);
      const { loader, provisionedUnits } = await new Loaders(dynamodb).of(target);
      const print = createHash('sha256').update(url).digest('hex').slice(0, 16);
      const rejectPath = `${loadPath(config.data, print, run)}.rejects.jsonl`;
      mkdirSync(dirname(rejectPath), { recursive: true, mode: 0o700 });
      const report = new LoadReport(flags.json === true, () => wallClock.nowMs());
      const summary = await poll({
        url,
        get: getText,
        everyMs,
        polls,
        path: flags.at,
        looked,
        run,
        ttlDays,
        loader,
        rejectPath,
        signal: stop.signal,
        wallClock,
        random: systemRandom,
        onProgress: (progress) => report.progress(progress),
      });
      report.summary(summary, provisionedUnits);
    } finally {
      closeClients({ dynamodb });
    }
    process.exitCode = stop.signal.aborted ? EXIT.interrupted : EXIT.ok;
  } catch (error) {
    throw remoteError(`${url} cannot be loaded`, error);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

const getText: GetText = async (url, signal) => {
  const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`more than ${ANSWER_BYTES_MAX} bytes`);
  }
  return Buffer.concat(pieces).toString('utf8');
};

function show({ schema }: Looked, into: string, flags: LoadFlags): void {
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ type: 'schema', into, ...schema })}\n`);
    return;
  }
  const columns = schema.columns
    .filter(({ role }) => role !== 'ignore')
    .map(({ role, title }) => `  ${role.padEnd(10)} ${title}`);
  const text = [`${schema.kind} → ${into}`, ...columns].join('\n');
  (flags.dryRun ? process.stdout : process.stderr).write(`${text}\n`);
}

function nameOf(url: string): string {
  try {
    return new URL(url).hostname;
  } catch (cause) {
    throw new PitwallError('PW-USAGE-FLAG', { what: `--poll is "${url}"; wanted a URL.`, cause });
  }
}

import { closeClients, createClients } from '#cloud/clients.js';
import { type Examined, examine } from '#cloud/load/examine.js';
import { loadFile } from '#cloud/load/load.js';
import { refuseOwned } from '#cloud/load/runs.js';
import { type TargetTable, targetTable } from '#cloud/load/target-table.js';
import { ensureTable } from '#cloud/provision.js';
import { tables } from '#cloud/resources.js';
import { wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { agreed } from '../agree.js';
import { EXIT } from '../exit.js';
import { Loaders, loadPath } from '../load/loaders.js';
import { checkName, type LoadFlags, optionsOf } from '../load/options.js';
import { LoadReport } from '../load/report.js';
import { describeExamined } from '../load/text.js';
import { positive } from '../operator.js';
import { cloudOf, remoteError } from '../remote.js';
import { configFor } from './config.js';

/** Looks at the files, shows how it will read them, asks, and loads one after the other. */
export async function load(paths: string[], flags: LoadFlags): Promise<void> {
  if (flags.poll !== undefined) {
    if (paths.length > 0) throw new PitwallError('PW-USAGE-ARGUMENT', { what: 'Files or --poll, not both.' });
    return (await import('./load-poll.js')).loadPolled(flags.poll, flags);
  }
  if (paths.length === 0) {
    throw new PitwallError('PW-USAGE-ARGUMENT', {
      what: 'No file to load.',
      fix: 'pitwall load practice.csv.gz --dry-run',
    });
  }
  const schemaOptions = optionsOf(flags);
  const ttlDays = positive('--ttl', flags.ttl) || undefined;
  const files = await Promise.all(
    paths.map(async (path) => {
      const examined = await examine(path, schemaOptions);
      const run = checkName('--run', flags.run ?? examined.file.name);
      return { examined, run, target: targetTable(examined.schema.kind, run, flags.tablePerRun === true) };
    }),
  );
  show(files, flags);
  if (flags.dryRun) return;
  for (const { examined } of files) requireStart(examined);
  const would = { would: 'The tables would be written', look: '--dry-run' };
  if (!flags.yes && !(await agreed(`Load ${paths.length === 1 ? 'it' : 'them'}?`, would))) return;

  const { config } = configFor({ data: flags.data });
  const { dynamodb } = await createClients(await cloudOf(config), ['dynamodb']);
  const loaders = new Loaders(dynamodb);
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const report = new LoadReport(flags.json === true, () => wallClock.nowMs());
  try {
    await ensureTable(dynamodb, tables.state);
    for (const { examined, run, target } of files) {
      if (examined.schema.kind === 'laps') await refuseOwned(dynamodb, tables.state.name, run);
      const { loader, provisionedUnits } = await loaders.of(target);
      const base = loadPath(config.data, examined.file.fingerprint, run);
      const summary = await loadFile({
        examined,
        run,
        track: flags.track,
        ttlDays,
        loader,
        checkpointPath: `${base}.checkpoint.json`,
        rejectPath: `${base}.rejects.jsonl`,
        again: flags.again === true,
        signal: stop.signal,
        wallClock,
        onProgress: (progress) => report.progress(progress),
      });
      report.summary(summary, provisionedUnits);
      if (stop.signal.aborted) break;
    }
    process.exitCode = stop.signal.aborted ? EXIT.interrupted : EXIT.ok;
  } catch (error) {
    throw remoteError('The files cannot be loaded', error);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    closeClients({ dynamodb });
  }
}

type File = { examined: Examined; run: string; target: Pick<TargetTable, 'key' | 'table'> };

/** On stdout when it is what was asked for, else it is talk. */
function show(files: readonly File[], flags: LoadFlags): void {
  for (const { examined, run, target } of files) {
    const { file, schema, encoding, lacksStart } = examined;
    if (flags.json) {
      const line = { type: 'schema', file: file.path, run, table: target.table.name, encoding, lacksStart, ...schema };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    } else {
      const text = describeExamined(examined, `${target.table.name}, run ${run}`);
      (flags.dryRun ? process.stdout : process.stderr).write(`${text}\n`);
    }
  }
}

function requireStart({ file, lacksStart }: Examined): void {
  if (!lacksStart) return;
  throw new PitwallError('PW-USAGE-FLAG', {
    what: `The times of ${file.path} are not of the calendar: nobody can tell when its rows were.`,
    fix: 'Say what they count from: --start 2026-11-20T14:00:00Z (for times of day: midnight before them).',
  });
}

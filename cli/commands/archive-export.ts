import { mkdir } from 'node:fs/promises';
import { exportRace as exportFiles } from '#cloud/archive/export/export-race.js';
import { parquetSink } from '#cloud/archive/export/parquet-sink.js';
import type { FrameSink } from '#cloud/archive/export/sink.js';
import { csvSink, jsonLinesSink } from '#cloud/archive/export/text-sinks.js';
import { archiveReader } from '#cloud/archive/reader.js';
import { streams } from '#cloud/resources.js';
import { PitwallError } from '#wire/errors.js';
import { type ArchiveFlags, openArchive } from '../archive/open.js';
import { EXIT } from '../exit.js';
import { remoteError } from '../remote.js';

interface ExportFlags extends ArchiveFlags {
  parquet?: boolean;
  csv?: boolean;
  jsonl?: boolean;
  out: string;
  json?: boolean;
}

/** `pitwall archive export RACE`: exit 1 when something of it could not be read. */
export async function exportRace(race: string, flags: ExportFlags): Promise<void> {
  if (!(flags.parquet || flags.csv || flags.jsonl)) {
    throw new PitwallError('PW-USAGE-FLAG', {
      what: 'No format was named.',
      fix: `pitwall archive export ${race} --parquet --out ${flags.out}`,
    });
  }
  const archive = await openArchive(flags);
  try {
    const reader = archiveReader(archive.store);
    const manifest = await reader.manifest(race);
    await mkdir(flags.out, { recursive: true });
    let damages = 0;
    const exported = await exportFiles({
      reader,
      manifest,
      raceStream: streams.race.name,
      folder: flags.out,
      sinks: sinksOf(flags),
      onDamage: ({ object, part, from, what, lost }) => {
        damages++;
        process.stderr.write(`${object.key}  ${part} at byte ${from}: ${what} ${lost} records are left out.\n`);
      },
    });
    const { files, frames, duplicates, unreadable, records } = exported;
    const said = `${frames} frames (${duplicates} sent twice, ${unreadable} unreadable), ${records} records of the race\n${files.join('\n')}`;
    process.stdout.write(`${flags.json ? JSON.stringify({ race, ...exported, damages }) : said}\n`);
    if (damages > 0 || unreadable > 0) process.exitCode = EXIT.failed;
  } catch (error) {
    throw remoteError('The race cannot be exported', error);
  } finally {
    await archive.close();
  }
}

function sinksOf({ parquet, csv, jsonl, out }: ExportFlags): FrameSink[] {
  return [
    ...(parquet ? [parquetSink(out)] : []),
    ...(csv ? [csvSink(out)] : []),
    ...(jsonl ? [jsonLinesSink(out)] : []),
  ];
}

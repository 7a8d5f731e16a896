import { type Manifest, manifestKey } from '#cloud/archive/manifest.js';
import { type ArchiveReader, archiveReader } from '#cloud/archive/reader.js';
import { type ArchiveFinding, verifyRace } from '#cloud/archive/verify.js';
import { type ArchiveFlags, openArchive } from '../archive/open.js';
import { EXIT } from '../exit.js';
import { remoteError } from '../remote.js';

interface ListFlags extends ArchiveFlags {
  json?: boolean;
}

/** `pitwall archive ls [RACE]`: races, or the shards of one. */
export async function list(race: string | undefined, flags: ListFlags): Promise<void> {
  const archive = await openArchive(flags);
  try {
    const reader = archiveReader(archive.store);
    if (race === undefined) await listRaces(reader, flags);
    else listShards(await reader.manifest(race), flags);
  } catch (error) {
    throw remoteError('The archive cannot be read', error);
  } finally {
    await archive.close();
  }
}

/** `pitwall archive verify RACE`: reads everything; exit 1 when anything is wrong. */
export async function verify(race: string, flags: ListFlags): Promise<void> {
  const archive = await openArchive(flags);
  try {
    const manifest = await archiveReader(archive.store).manifest(race);
    let findings = 0;
    const onFinding = (finding: ArchiveFinding) => {
      findings++;
      print(flags.json ? JSON.stringify({ type: 'finding', ...finding }) : describeFinding(finding));
    };
    const counts = await verifyRace({ objects: archive.store, manifest, onFinding });
    const summary = { type: 'summary', race, closed: manifest.closed, ...counts, findings };
    const { objects, records, bytes } = counts;
    const said = `${race}: ${objects} objects, ${records} records, ${megabytes(bytes)} read, ${findings} findings`;
    print(flags.json ? JSON.stringify(summary) : said);
    if (findings > 0) process.exitCode = EXIT.failed;
  } catch (error) {
    throw remoteError('The archive cannot be verified', error);
  } finally {
    await archive.close();
  }
}

async function listRaces(reader: ArchiveReader, { json }: ListFlags): Promise<void> {
  const races = [];
  for (const race of await reader.races()) {
    const { closed, fromMs, toMs, version, counts } = await reader.manifest(race);
    races.push({ race, closed, fromMs, toMs, version, ...counts });
  }
  if (json) {
    print(JSON.stringify({ races }));
    return;
  }
  if (races.length === 0) print('The archive has no race.');
  for (const { race, closed, fromMs, objects, records, bytes } of races) {
    const state = closed ? 'closed' : 'open  ';
    print(
      `${race.padEnd(24)} ${state} ${new Date(fromMs).toISOString()}  ${objects} objects, ${records} records, ${megabytes(bytes)}`,
    );
  }
}

function listShards(manifest: Manifest, { json }: ListFlags): void {
  if (json) {
    print(JSON.stringify(manifest));
    return;
  }
  const { race, closed, version, fence, counts } = manifest;
  print(`${race}  ${closed ? 'closed' : 'open'}  version ${version} by fence ${fence}  ${manifestKey(race)}`);
  print(`${counts.objects} objects, ${counts.records} records, ${megabytes(counts.bytes)}`);
  for (const [stream, shards] of Object.entries(manifest.streams)) {
    print(stream);
    for (const [shardId, { objects, mark, ended, gaps }] of Object.entries(shards)) {
      const records = objects.reduce((sum, object) => sum + object.records, 0);
      const missing = gaps.length > 0 ? `  ${gaps.length} gaps` : '';
      print(
        `  ${shardId}  ${objects.length} objects, ${records} records${ended ? ', ended' : ''}  up to ${mark}${missing}`,
      );
    }
  }
}

function describeFinding({ key, part, from, what, lost }: ArchiveFinding): string {
  return `${key}  ${part} at byte ${from}: ${what}${lost > 0 ? ` ${lost} records cannot be read.` : ''}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

import { type ExportsManifest, readExports } from '#cloud/archive/export/exports-manifest.js';
import { type Manifest, manifestKey } from '#cloud/archive/manifest.js';
import type { ArchiveObjects } from '#cloud/archive/objects.js';
import { type Orphan, orphansOf } from '#cloud/archive/orphans.js';
import { archiveReader } from '#cloud/archive/reader.js';
import { type ArchiveFinding, type ExportsFinding, verifyExports, verifyRace } from '#cloud/archive/verify.js';
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
    if (race === undefined) await listRaces(archive.store, flags);
    else await listRace(archive.store, race, flags);
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
    const tell = (finding: ArchiveFinding | ExportsFinding, text: string) => {
      findings++;
      print(flags.json ? JSON.stringify({ type: 'finding', ...finding }) : text);
    };
    const counts = await verifyRace({
      objects: archive.store,
      manifest,
      onFinding: (finding) => tell(finding, describeFinding(finding)),
    });
    const exported = await verifyExports(archive.store, race, (finding) =>
      tell(finding, `${finding.key}: ${finding.what}`),
    );
    const orphans = { objects: 0, bytes: 0 };
    for await (const orphan of orphansOf(archive.store, manifest)) {
      orphans.objects++;
      orphans.bytes += orphan.bytes;
      print(flags.json ? JSON.stringify({ type: 'orphan', ...orphan }) : describeOrphan(orphan));
    }
    const { closed } = manifest;
    const summary = { type: 'summary', race, closed, ...counts, exported: exported ?? null, orphans, findings };
    const { objects, records, bytes } = counts;
    const files = exported ? `, ${exported.files} exported files of ${megabytes(exported.bytes)}` : '';
    const beside = orphans.objects > 0 ? `, ${orphans.objects} objects that no manifest names` : '';
    const said = `${race}: ${objects} objects, ${records} records, ${megabytes(bytes)}${files} read, ${findings} findings${beside}`;
    print(flags.json ? JSON.stringify(summary) : said);
    if (findings > 0) process.exitCode = EXIT.failed;
  } catch (error) {
    throw remoteError('The archive cannot be verified', error);
  } finally {
    await archive.close();
  }
}

async function listRaces(objects: ArchiveObjects, { json }: ListFlags): Promise<void> {
  const reader = archiveReader(objects);
  const races = [];
  for (const race of await reader.races()) {
    const { closed, fromMs, toMs, version, counts } = await reader.manifest(race);
    const exported = (await readExports(objects, race))?.files.length ?? null;
    races.push({ race, closed, fromMs, toMs, version, ...counts, exported });
  }
  if (json) {
    print(JSON.stringify({ races }));
    return;
  }
  if (races.length === 0) print('The archive has no race.');
  for (const { race, closed, fromMs, objects: count, records, bytes, exported } of races) {
    const state = closed ? 'closed' : 'open  ';
    const files = exported === null ? '' : `, ${exported} exported files`;
    print(
      `${race.padEnd(24)} ${state} ${new Date(fromMs).toISOString()}  ${count} objects, ${records} records, ${megabytes(bytes)}${files}`,
    );
  }
}

async function listRace(objects: ArchiveObjects, race: string, { json }: ListFlags): Promise<void> {
  const manifest = await archiveReader(objects).manifest(race);
  const exported = await readExports(objects, race);
  if (json) {
    print(JSON.stringify({ ...manifest, exports: exported ?? null }));
    return;
  }
  listShards(manifest);
  if (exported) listExports(exported);
}

function listExports({ files, frames, records, manifestVersion }: ExportsManifest): void {
  print(`exports of version ${manifestVersion}: ${frames} frames, ${records} records of the race`);
  for (const { key, bytes } of files) print(`  ${key}  ${megabytes(bytes)}`);
}

function listShards(manifest: Manifest): void {
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

const ORPHANS: Record<Orphan['why'], string> = {
  uncommitted: 'was put and never committed: its records are in another object',
  notYet: 'is newer than what they name so far: while the archiver runs, the next one takes it in',
  noRace: 'was archived before or between races',
  export: 'is of an export that was replaced or not finished',
};

function describeOrphan({ key, bytes, why }: Orphan): string {
  return `${key}  ${megabytes(bytes)}: no manifest names it, it ${ORPHANS[why]}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

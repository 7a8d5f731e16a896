/** What people say, from the command line through the race's stream and engine to the view, and back by an undo. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { Command } from 'commander';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { addCommands } from '#cli/commands/index.js';
import { RUNTIME_FILE } from '#cli/data-dir.js';
import { type FeedServer, startFeedServer } from '#cloud/dashboard/feed-server.js';
import { FeedHub } from '#cloud/dashboard/hub.js';
import type { RaceView } from '#cloud/dashboard/view.js';
import { type RaceEngine, startRaceEngine } from '#cloud/engine/engine.js';
import { provision } from '#cloud/provision.js';
import { streams, tables } from '#cloud/resources.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { onTheWire, raceRecords } from '../cloud/engine/race-stream.js';
import { FakeIotData } from '../cloud/streams/fake-dynamodb.js';
import { type LocalRaceCloud, localRaceCloud } from '../helpers/local-race-cloud.js';

const folder = mkdtempSync(join(tmpdir(), 'pitwall-people-'));
const hub = new FeedHub();
let cloud: LocalRaceCloud;
let engine: RaceEngine;
let feed: FeedServer;
let view: RaceView | undefined;

beforeAll(async () => {
  vi.stubEnv('PITWALL_HOME', join(folder, 'home'));
  cloud = await localRaceCloud();
  const { aws, config, clients, raceClock } = cloud;
  await provision(clients, { streams: {}, tables: { laps: tables.laps, calls: tables.calls } });
  feed = await startFeedServer({ hub, log: silentLog });
  mkdirSync(join(folder, 'aws'));
  writeFileSync(join(folder, 'aws', 'credentials.json'), JSON.stringify(config.credentials));
  const { url } = aws;
  const endpoints = {
    kinesis: url,
    dynamodb: url,
    dynamodbStreams: url,
    firehose: url,
    s3: url,
    iot: url,
    iotData: url,
  };
  const runtime = { pid: process.pid, mqtt: {}, endpoints, screen: new URL(feed.url).origin };
  writeFileSync(join(folder, RUNTIME_FILE), JSON.stringify(runtime));
  engine = await startRaceEngine({
    ...clients,
    iotData: new FakeIotData().client,
    resources: { streams, tables },
    raceClock,
    wallClock,
    random: seededRandom(1),
    log: silentLog,
    owner: 'people',
    publishView: (shown, epoch) => {
      view = shown;
      hub.publish(shown, epoch);
    },
  });
});

afterAll(async () => {
  await engine.stop();
  await feed.close();
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

/** Runs a command in this process and returns what it printed. */
async function pitwall(...argv: string[]): Promise<string> {
  const program = new Command('pitwall').exitOverride();
  addCommands(program);
  let out = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    out += String(chunk);
    return true;
  });
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    await program.parseAsync([...argv, '--data', folder], { from: 'user' });
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
  return out.trim();
}

const seen = (condition: (now: RaceView) => boolean) =>
  vi.waitFor(() => expect(view !== undefined && condition(view)).toBe(true), { timeout: 20_000, interval: 20 });
const fuelLaps = (now: RaceView | undefined) => now!.rows['1'].fuelLapsLeft!.mean;

it('a fill that a person states changes the fuel laps on the screen, and its undo puts them back', async () => {
  const wire = onTheWire(raceRecords(2, 6), 1);
  const Records = wire.map(({ partitionKey, data }) => ({ PartitionKey: partitionKey, Data: data }));
  await cloud.clients.kinesis.send(new PutRecordsCommand({ StreamName: streams.race.name, Records }));
  await seen((now) => now.lap === 6 && now.rows['1'].fuelLapsLeft !== undefined);
  await engine.commit();

  await pitwall('fact', 'stop', '--entry', '1', '--lap', '3', '--value', 'made', '--author', 'Kim');
  await seen((now) => now.rows['1'].stops === 1 && now.rows['1'].lapsSinceStop === 3);
  await seen((now) => fuelLaps(now) > 15);
  const full = fuelLaps(view);

  const id = await pitwall('fact', 'fuelAdded', '--entry', '1', '--lap', '3', '--value', '0');
  await seen((now) => fuelLaps(now) < full - 2);
  expect(fuelLaps(view)).toBeCloseTo(full - 3, 0);

  await pitwall('fact', 'undo', id);
  await seen((now) => fuelLaps(now) > full - 0.5);
  expect(fuelLaps(view)).toBeCloseTo(full, 6);

  await engine.commit();
  const facts = (await pitwall('fact', 'ls', '--entry', '1', '--json')).split('\n').map((line) => JSON.parse(line));
  expect(facts.map(({ type, state, author }) => [type, state, author])).toEqual([
    ['stop', 'counts', 'Kim'],
    ['fuelAdded', 'undone', expect.any(String)],
  ]);
  // The race clock's time, as the screen shows it: neither that of the records nor the wall's.
  expect(facts[0].atMs).toBeLessThanOrEqual(cloud.raceClock.nowMs());
});

it('a corrected session and roster are seen at once, an unknown entry is refused', async () => {
  await pitwall('session', 'relabel', '--laps', '45');
  // Before the engine has stored what the one before said: a correction takes back no other.
  await pitwall('roster', 'set', '2', 'driver=Somebody Else');
  await seen((now) => now.lapsTotal === 45 && now.rows['2'].driver === 'Somebody Else');
  const roster = JSON.parse(await pitwall('roster', 'ls', '--json'));
  writeFileSync(join(folder, 'grid.json'), JSON.stringify([...roster, { entry: '9', driver: 'Late' }]));
  await pitwall('roster', 'import', join(folder, 'grid.json'));
  await seen((now) => now.rows['9']?.driver === 'Late' && now.rows['2'].laps === 6);

  await expect(pitwall('fact', 'note', '--entry', '77', '--value', 'x')).rejects.toThrow(/no entry "77"/);
  await expect(pitwall('fact', 'undo', 'fact-none')).rejects.toThrow(/no fact "fact-none"/);
  await expect(pitwall('fact', 'fuelAded', '--entry', '1', '--value', '3')).rejects.toThrow(/no fact/);
  await pitwall('session', 'close');
  await seen((now) => now.phase === 'closed');
});

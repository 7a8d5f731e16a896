import { raceArchive } from '#cloud/archive/race-archive.js';
import { type ArchiveReader, archiveReader } from '#cloud/archive/reader.js';
import { type Replay, startReplay } from '#cloud/archive/replay.js';
import { turbo } from '#cloud/archive/turbo.js';
import { type Clients, closeClients, createClients } from '#cloud/clients.js';
import { startFeedServer } from '#cloud/dashboard/feed-server.js';
import { FeedHub } from '#cloud/dashboard/hub.js';
import { startScreen } from '#cloud/dashboard/server.js';
import { streams } from '#cloud/resources.js';
import { kinesisRecords } from '#cloud/streams/kinesis-records.js';
import { wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { LiveClock } from '../archive/live-clock.js';
import { openArchive } from '../archive/open.js';
import type { Config } from '../config/keys.js';
import { EXIT } from '../exit.js';
import { createLog } from '../log.js';
import { positive } from '../operator.js';
import { DISPLAY_CHANNELS } from '../parts/display-channels.js';
import { WEB_DIR } from '../parts/screen.js';
import { createVoice, type Voice } from '../race/progress.js';
import { systemRandom } from '../random.js';
import { cloudOf, remoteError } from '../remote.js';
import { configFor } from './config.js';

interface ReplayFlags {
  speed: string;
  thenLive?: boolean;
  headless?: boolean;
  json?: boolean;
  bucket?: string;
  data?: string;
  port?: string;
}

const SPEED_MOST = 1_000;
const PROGRESS_MS = 1_000;

/** `pitwall archive replay`: an archived race once more on the screen, and then, if it still runs, live. */
export async function replay(race: string, flags: ReplayFlags): Promise<void> {
  const speed = speedOf(flags.speed);
  const { config } = configFor({ data: flags.data, port: flags.port });
  const archive = await openArchive(flags);
  const log = createLog('replay');
  const ends: (() => unknown)[] = [() => archive.close()];
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const voice = createVoice(flags.json === true);
  try {
    const kinesis = flags.thenLive ? await liveClient(config, ends) : undefined;
    const reader = archiveReader(archive.store);
    const { hub, url } = flags.headless ? { hub: undefined, url: undefined } : await show(config, log, ends);
    if (url) process.stdout.write(flags.json ? `${JSON.stringify({ type: 'ready', url })}\n` : `${url}\n`);
    const startedMs = wallClock.nowMs();
    const running = await begin({ race, speed, reader, kinesis, hub, log, ends });
    const interrupted = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
    const talk = setInterval(() => progress(voice, running), PROGRESS_MS);
    await Promise.race([running.ended, interrupted]).finally(() => clearInterval(talk));
    await running.stop();
    conclude(voice, running, startedMs, flags.json === true);
    if (stop.signal.aborted) process.exitCode = EXIT.interrupted;
    else if (url) {
      voice.say(`The replay is over; the screen stays at ${url} until ^C.`);
      await interrupted;
    }
  } catch (error) {
    throw remoteError(`The archive of ${race} cannot be replayed`, error);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    for (const end of ends.reverse()) await end();
  }
}

interface ReplaySetup {
  race: string;
  speed: number | 'max';
  reader: ArchiveReader;
  /** To go on live. */
  kinesis: Clients['kinesis'] | undefined;
  hub: FeedHub | undefined;
  log: Log;
  ends: (() => unknown)[];
}

async function liveClient(config: Config, ends: ReplaySetup['ends']): Promise<Clients['kinesis']> {
  const clients = await createClients(await cloudOf(config), ['kinesis']);
  ends.push(() => closeClients(clients));
  return clients.kinesis;
}

async function begin({ race, speed, reader, kinesis, hub, log, ends }: ReplaySetup): Promise<Replay> {
  const manifest = await reader.manifest(race);
  const live = kinesis ? new LiveClock({ client: kinesis, streamName: streams.race.name, log }) : undefined;
  if (live) {
    ends.push(() => live.stop());
    await live.start();
  }
  const raceClock = live ?? wallClock;
  const sourceOf = (stream: string) => {
    const archive = raceArchive({
      reader,
      race,
      stream,
      onDamage: ({ object, what, lost }) => log.error('The archive is damaged.', { object: object.key, what, lost }),
    });
    const records = kinesis && kinesisRecords({ client: kinesis, streamName: stream, raceClock, log });
    return turbo({ archive, live: records, raceClock, random: systemRandom });
  };
  const frames = hub ? [streams.framesLive.name, streams.framesBackfill.name] : [];
  return startReplay({
    race,
    source: sourceOf(streams.race.name),
    frames: frames.filter((stream) => manifest.streams[stream]).map(sourceOf),
    displayChannels: DISPLAY_CHANNELS,
    tables: manifest.tables,
    speed,
    fromMs: manifest.fromMs,
    live,
    publishView: (view, epoch) => hub?.publish(view, epoch),
    publishSamples: (points) => hub?.samples(points),
    log,
    wallClock,
    random: systemRandom,
  });
}

/** The screen as every race has it, fed from here. */
async function show(config: { port: number; listen: string }, log: Log, ends: (() => unknown)[]) {
  const hub = new FeedHub({ wallClock });
  const feed = await startFeedServer({ hub, log });
  ends.push(() => feed.close());
  const screen = await startScreen({
    host: config.listen,
    port: config.port,
    nextFreePort: true,
    upstreams: [feed.url],
    webDir: WEB_DIR,
    wallClock,
    random: systemRandom,
    log,
    decide: async () => {
      throw new PitwallError('PW-ARCHIVE-REPLAY', {
        what: 'This screen shows a replay: nobody would hear the decision.',
        fix: "Decide on the race's own screen.",
      });
    },
  });
  ends.push(() => screen.close());
  return { hub, url: screen.url };
}

function progress(voice: Voice, running: Replay): void {
  const { phase, lap, lapsTotal, flag, behindMs, raceMs, speed } = running.stats();
  voice.progress({
    type: 'progress',
    phase: phase === 'finished' || phase === 'closed' ? 'finished' : phase === 'running' ? 'running' : 'starting',
    lap,
    lapsTotal,
    flag,
    raceSeconds: Math.round(raceMs / 1_000),
    speed,
    heldBy: null,
    ...(behindMs && { behindSeconds: Math.ceil(behindMs / 1_000) }),
  });
}

function conclude(voice: Voice, running: Replay, startedMs: number, json: boolean): void {
  const stats = running.stats();
  const seconds = Number(((wallClock.nowMs() - startedMs) / 1_000).toFixed(3));
  voice.result({ type: 'summary', ...stats, seconds });
  if (json) return;
  const { records, frames, duplicates, answers, gaps, lap, finish } = stats;
  process.stdout.write(`${records} records and ${frames} frames in ${seconds.toFixed(1)} s, ${gaps} gaps\n`);
  process.stdout.write(`lap ${lap}, ${duplicates} duplicates dropped, ${answers} answers\n`);
  process.stdout.write(`order: ${finish.join(' ')}\n`);
}

/** Raises PW-USAGE-FLAG. */
function speedOf(text: string): number | 'max' {
  if (text === 'max') return text;
  const speed = positive('--speed', text);
  if (speed <= SPEED_MOST) return speed;
  throw new PitwallError('PW-USAGE-FLAG', {
    what: `--speed is ${speed}; at most ${SPEED_MOST} is served.`,
    fix: 'As fast as it can: --speed max',
  });
}

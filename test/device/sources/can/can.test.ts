import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Assembler } from '#device/pipeline/assembler.js';
import { canKind, openCan } from '#device/sources/can/can.js';
import { type CanConfig, canConfig } from '#device/sources/can/config.js';
import type { LoadModule } from '#device/sources/can/socketcan.js';
import type { SourceContext } from '#device/sources/source.js';
import { decodeFrame, FrameEncoder } from '#wire/frame.js';
import { ROOT } from '../../../helpers/tree.js';
import { freshDir, RecordingSink, testContext } from '../support.js';

const fixtures = join(ROOT, 'test/fixtures/can');
const LOG_MS = 1_700_000_000_000;

type Loose = Partial<Omit<CanConfig, 'input'>> & { input: CanConfig['input'] };

const notInstalled: LoadModule = async () => {
  throw new Error('Cannot find package');
};

async function open(config: Loose, context: Partial<SourceContext> = {}, load: LoadModule = notInstalled) {
  const full = testContext({ dir: fixtures, ...context });
  const source = await openCan(canConfig.parse({ dbc: ['paddock.dbc'], ...config }), full, load);
  const sink = new RecordingSink(() => source);
  onTestFinished(() => source.stop());
  return { source, sink, context: full };
}

/** A recording read as fast as it can be. */
async function played(config: Partial<Loose> = {}) {
  const opened = await open({ input: { file: 'paddock.log' }, speed: 0, ...config });
  opened.source.start(opened.sink);
  await vi.waitUntil(() => opened.sink.hasEnded);
  return opened;
}

describe('a CAN source', () => {
  it('gives the chosen signals with the times of their frames', async () => {
    const { source, sink } = await played({
      bus: 'can0',
      signals: ['Rpm', { signal: 'Engine.Oil*', name: 'oil', unit: 'Cel' }],
    });
    expect(source.table.channels).toEqual([
      { name: 'Rpm', unit: '1/min', scale: 0.25, offset: 0, rateHz: 100 },
      { name: 'oil', unit: 'Cel', scale: 1, offset: -40, rateHz: 100 },
    ]);
    expect(sink.rows).toEqual([
      { atMs: LOG_MS, values: { Rpm: 2000, oil: 90 } },
      { atMs: LOG_MS + 10, values: { Rpm: 2004, oil: 90 } },
      { atMs: LOG_MS + 20, values: { Rpm: 2008, oil: 90 } },
    ]);
    expect(source.stamps).toBe('own');
  });

  it('leaves out what a multiplexer has switched off, and counts what it could not decode', async () => {
    const { source, sink } = await played();
    const corners = sink.rows.filter(({ values }) => 'Which' in values);
    expect(corners.map(({ values }) => Object.keys(values))).toEqual([
      ['Which', 'FrontLoad'],
      ['Which', 'SubSelectorOfTheRearDampers', 'DamperA'],
      ['Which', 'SubSelectorOfTheRearDampers', 'DamperB'],
    ]);
    expect(source.stats()).toMatchObject({
      frames: 14,
      badLines: 1,
      unknownIds: 3,
      truncatedFrames: 1,
      errorFrames: 1,
      remoteFrames: 1,
    });
  });

  it('gives answers to OBD-II requests as channels when asked to', async () => {
    const { sink, source } = await played({ dbc: [], obd: true });
    expect(sink.rows).toEqual([{ atMs: LOG_MS + 40, values: { ENGINE_SPEED: 1726 } }]);
    expect(source.stats()).toMatchObject({ obdAnswers: 1, unknownObdAnswers: 0, unknownIds: 11 });
    expect(source.table.indexOf('ENGINE_COOLANT_TEMPERATURE')).toBeGreaterThanOrEqual(0);
  });

  it('knows messages by their PGN when asked to', async () => {
    const { sink } = await played({ j1939: true, signals: ['EngineSpeed'] });
    expect(sink.rows).toEqual([{ atMs: LOG_MS + 33, values: { EngineSpeed: 1800 } }]);
  });

  it('keeps the bus’s raw values through a frame, and says in the table what does not fit 32 bits', async () => {
    const { source } = await open({ input: { file: 'paddock.log' }, speed: 0 });
    const assembler = new Assembler(() => {});
    const sink = new RecordingSink(() => source);
    source.start(
      Object.assign(sink, { samples: (block: Parameters<RecordingSink['samples']>[0]) => assembler.push(block) }),
    );
    await vi.waitUntil(() => sink.hasEnded);
    const encoder = new FrameEncoder(source.table, 'car-24', { counter: 1, random: 1n });
    const { groups, eventTimeMs } = assembler.take()!;
    const header = { seq: 1, prev: 0, lane: 'live', monotonicMs: 0, clockQuality: 1, clockErrorMs: 5 } as const;
    const frame = decodeFrame(encoder.encode({ ...header, eventTimeMs }, groups), source.table);
    const torque = source.table.indexOf('Torque');
    const values = frame.groups.flatMap(({ channels, count, values: all }) => {
      const at = channels.indexOf(torque);
      return at < 0 ? [] : [...all.subarray(at * count, (at + 1) * count)];
    });
    expect(values.filter((value) => !Number.isNaN(value))).toEqual([-1.3, -1.3, 0]);
    // 64 bits in 32: the lowest 32 go.
    expect(source.table.channels[source.table.indexOf('Count')].scale).toBe(2 ** 32);
  });

  it('opens a compressed log', async () => {
    const dir = freshDir();
    await writeFile(join(dir, 'a.log.gz'), gzipSync(readFileSync(join(fixtures, 'paddock.log'))));
    const { sink } = await played({ input: { file: join(dir, 'a.log.gz') }, signals: ['Rpm'] });
    expect(sink.rows).toHaveLength(4);
  });

  it('plays a file by the race clock, at a speed of it', async () => {
    const { source, sink, context } = await open({
      input: { file: 'paddock.log' },
      bus: 'can0',
      signals: ['Rpm'],
      speed: 2,
    });
    source.start(sink);
    await vi.waitUntil(() => sink.rows.length === 1);
    context.raceClock.advance(5);
    await vi.waitUntil(() => sink.rows.length === 2);
    expect(sink.hasEnded).toBe(false);
    context.raceClock.advance(15);
    await vi.waitUntil(() => sink.hasEnded);
    expect(sink.rows.map(({ atMs }) => atMs - LOG_MS)).toEqual([0, 5, 10]);
  });

  it('takes out the steps that the log’s clock was set by', async () => {
    const stdin = new PassThrough();
    const { source, sink } = await open({ input: 'stdin', signals: ['Rpm'] }, { stdin });
    source.start(sink);
    const stamps = ['1000.000000', '1000.010000', '235000.010000', '235000.020000', '5.000000', '5.010000'];
    stdin.end(stamps.map((stamp) => `(${stamp}) can0 100#401F82FF38000080\n`).join(''));
    await vi.waitUntil(() => sink.hasEnded);
    expect(sink.rows.map(({ atMs }) => atMs)).toEqual([
      1_000_000, 1_000_010, 1_000_010, 1_000_020, 1_000_020, 1_000_030,
    ]);
    expect(source.stats().clockJumps).toBe(2);
  });

  it('hands on what a live pipe has given, however little', async () => {
    const stdin = new PassThrough();
    const { source, sink } = await open({ input: 'stdin', signals: ['Rpm'] }, { stdin });
    source.start(sink);
    stdin.write('(1.000000) can0 100#401F82FF38000080\n');
    await vi.waitUntil(() => sink.rows.length === 1);
    await source.stop();
    expect(sink.hasEnded).toBe(false);
  });

  it('reads a recording no faster than the journal takes it, and stops while it waits', async () => {
    const stdin = new PassThrough();
    const { source, sink } = await open({ input: 'stdin', signals: ['Rpm'] }, { stdin });
    sink.journalsAtOnce = false;
    source.start(sink);
    for (let i = 0; i < 10_000; i++) stdin.write(`(1.${String(i).padStart(6, '0')}) can0 100#401F82FF38000080\n`);
    await vi.waitUntil(() => sink.rows.length === 4096);
    sink.journal();
    await vi.waitUntil(() => sink.rows.length === 8192);
    await source.stop();
    expect(sink.rows).toHaveLength(8192);
  });

  it('ends with an error that says which file it is when the log cannot be read', async () => {
    const { source, sink } = await open({ input: { file: 'missing.log' } });
    source.start(sink);
    await vi.waitUntil(() => sink.hasEnded);
    expect(sink.failures).toMatchObject([
      { code: 'PW-SOURCE-INPUT', message: expect.stringContaining('missing.log') as string },
    ]);
  });

  it.each<[string, Partial<Loose>, string]>([
    [
      'a signal that no file has',
      { signals: ['Rpmm'] },
      'No signal of the DBC files matches "Rpmm". Did you mean "Rpm"?',
    ],
    ['one name for several signals', { signals: [{ signal: 'Damper*', name: 'damper' }] }, '"Damper*" names 2 signals'],
    ['neither a DBC file nor OBD-II', { dbc: [] }, 'no DBC file'],
    ['a speed for a live bus', { input: { socketcan: 'can0' }, speed: 2 }, 'cannot be played at a speed'],
    ['stdin that is not there', { input: 'stdin' }, 'does not give'],
  ])('refuses %s', async (_name, config, message) => {
    const refused = open({ input: { file: 'paddock.log' }, ...config });
    await expect(refused).rejects.toMatchObject({
      code: 'PW-CONFIG-CAN',
      message: expect.stringContaining(message) as string,
    });
  });

  it('has a strict configuration', () => {
    expect(canKind.config.safeParse({ input: 'stdin', dbcs: ['a.dbc'] }).success).toBe(false);
    expect(canKind.config.safeParse({ input: { file: 'a', tcp: 'b' } }).success).toBe(false);
    expect(canKind.config.safeParse({ input: 'stdin', dbc: ['a.dbc'] }).success).toBe(true);
  });
});

describe('a SocketCAN interface', () => {
  it('is read by the optional package, and opened again when it went down', async () => {
    const listeners = new Map<string, (message?: object) => void>();
    let opened = 0;
    const channel = {
      addListener: (event: string, listener: (message?: object) => void) => listeners.set(event, listener),
      start: () => opened++,
      stop: () => {},
    };
    const load: LoadModule = async () => ({ createRawChannel: () => channel });
    const { source, sink } = await open({ input: { socketcan: 'can0' }, signals: ['Rpm'] }, {}, load);
    source.start(sink);
    await vi.waitUntil(() => opened === 1);
    const data = Buffer.from('401F82FF38000080', 'hex');
    listeners.get('onMessage')!({ id: 0x100, data, ts_sec: 1_700_000_000, ts_usec: 5000 });
    listeners.get('onMessage')!({ id: 0x100, data, rtr: true, ts_sec: 1_700_000_000, ts_usec: 6000 });
    await vi.waitUntil(() => sink.rows.length === 1);
    expect(sink.rows[0]).toEqual({ atMs: LOG_MS + 5, values: { Rpm: 2000 } });
    listeners.get('onStopped')!();
    await vi.waitUntil(() => opened === 2);
    expect(sink.failures).toMatchObject([{ code: 'PW-SOURCE-INPUT', retriable: true }]);
    expect(sink.hasEnded).toBe(false);
    await source.stop();
  });

  it('is read by candump where the package is not installed', async () => {
    const dir = freshDir();
    const line = '(1700000000.005000) can0 100#401F82FF38000080';
    await writeFile(join(dir, 'candump'), `#!/bin/sh\n[ "$1" = -L ] && echo '${line}' && exec sleep 60\nexit 1\n`, {
      mode: 0o755,
    });
    const { PATH } = process.env;
    process.env.PATH = `${dir}:${PATH}`;
    onTestFinished(() => {
      process.env.PATH = PATH;
    });
    const { source, sink } = await open({ input: { socketcan: 'can0' }, signals: ['Rpm'] });
    source.start(sink);
    await vi.waitUntil(() => sink.rows.length === 1);
    expect(sink.rows[0]).toEqual({ atMs: LOG_MS + 5, values: { Rpm: 2000 } });
    await source.stop();
    expect(sink.failures).toEqual([]);
  });

  it('that nothing can read is refused with what to install', async () => {
    const { PATH } = process.env;
    process.env.PATH = freshDir();
    onTestFinished(() => {
      process.env.PATH = PATH;
    });
    await expect(open({ input: { socketcan: 'can0' } })).rejects.toMatchObject({
      code: 'PW-CONFIG-CAN',
      fix: expect.stringContaining('can-utils') as string,
    });
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { nmeaKind } from '#device/sources/nmea/nmea.js';
import { checksumOf, parseSentence } from '#device/sources/nmea/sentence.js';
import { seededRandom } from '#wire/random.js';
import { until } from '../../uplink/broker.js';
import { mangled, RecordingSink, START_MS, type TestContext, testContext } from '../support.js';

const sentence = (body: string) => `$${body}*${checksumOf(body).toString(16).padStart(2, '0').toUpperCase()}`;
const rmc = (time: string, date = '211126', status = 'A') =>
  sentence(`GNRMC,${time},${status},4807.0380,N,01131.0000,W,022.4,084.4,${date},003.1,W`);
const gga = (time: string, quality = 1) =>
  sentence(`GNGGA,${time},4807.0380,N,01131.0000,W,${quality},08,0.9,545.4,M,46.9,M,,`);
const vtg = sentence('GNVTG,84.4,T,,M,022.4,N,041.5,K,A');

async function openNmea(config: Record<string, unknown>, context: Partial<TestContext> = {}) {
  const full = testContext(context);
  const source = await nmeaKind.open(nmeaKind.config.parse(config), full);
  const sink = new RecordingSink(() => source);
  return { source, sink, context: full };
}

/** Sends the text through stdin, in one piece. */
async function hear(text: string, config: Record<string, unknown> = {}) {
  const stdin = new PassThrough();
  const opened = await openNmea({ input: 'stdin', ...config }, { stdin });
  opened.source.start(opened.sink);
  stdin.end(text);
  await until('stdin is at its end', () => opened.sink.hasEnded);
  return opened;
}

describe('a sentence', () => {
  it('is read with its talker, units and hemispheres', () => {
    expect(parseSentence('$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A')).toEqual({
      type: 'RMC',
      timeOfDayMs: 45_319_000,
      dateMs: Date.UTC(1994, 2, 23),
      valid: true,
      latitudeDeg: expect.closeTo(48.1173, 9),
      longitudeDeg: expect.closeTo(11.516_666_667, 9),
      speedKmh: expect.closeTo(41.4848, 9),
      courseDeg: 84.4,
    });
    expect(parseSentence('$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47')).toMatchObject({
      type: 'GGA',
      quality: 1,
      satellites: 8,
      hdop: 0.9,
      altitudeM: 545.4,
    });
    expect(parseSentence(rmc('010203.50').replace('GNRMC', 'GNRMC'))).toMatchObject({
      longitudeDeg: expect.closeTo(-11.5167, 4),
    });
  });

  it.each([
    ['no sentence at all', 'hello', 'garbage'],
    ['cut off before its checksum', '$GPRMC,123519,A,4807.038', 'garbage'],
    ['one character changed', rmc('120000').replace('4807', '4808'), 'checksum'],
    ['a minute of 61', sentence('GPRMC,126100,A,4807.038,N,01131.000,E,1,2,230394,,'), 'malformed'],
    ['a latitude of 91°', sentence('GPGGA,120000,9107.038,N,01131.000,E,1,8,1,1,M,,M,,'), 'malformed'],
    ['a type of no use here', sentence('GPGSV,1,1,00'), 'other'],
    ['a maker’s own', sentence('PUBX,00,1'), 'other'],
  ])('is refused with its reason: %s', (_what, line, reason) => {
    expect(parseSentence(line)).toBe(reason);
  });

  it('is found behind one that was cut off', () => {
    expect(parseSentence(`$GPRMC,1235${vtg}`)).toMatchObject({ type: 'VTG', speedKmh: 41.5 });
  });
});

describe('the nmea source', () => {
  it('puts the sentences of an epoch into one row, and ends it without waiting for the next once it knows the order', async () => {
    const stdin = new PassThrough();
    const { source, sink } = await openNmea({ input: 'stdin', latencyMs: 0 }, { stdin });
    source.start(sink);
    const epochs = ['180000.00', '180000.10', '180000.20'].map((time) => [rmc(time), gga(time), vtg].join('\r\n'));
    stdin.write(`${epochs.join('\r\n')}\r\n`);
    await until('three epochs', () => sink.rows.length === 3);
    expect(sink.rows[2]).toEqual({
      atMs: START_MS,
      values: {
        gpsLatitude: expect.closeTo(48.1173, 4),
        gpsLongitude: expect.closeTo(-11.5167, 4),
        gpsSpeed: 41.5,
        gpsCourse: 84.4,
        gpsAltitude: 545.4,
        gpsQuality: 1,
        gpsSatellites: 8,
        gpsHdop: 0.9,
      },
    });
    await source.stop();
  });

  it('gives the true time with the moment of the clock that belongs to it', async () => {
    const { sink } = await hear(`${rmc('180001.00')}\n${gga('180001.00')}\n`, { latencyMs: 80, timeErrorMs: 40 });
    expect(sink.fixes).toEqual([{ utcMs: START_MS + 1080, atMonotonicMs: START_MS, quality: 'gps', errorMs: 40 }]);
  });

  it('shows a void fix as missing, and tells no time by it', async () => {
    const { sink, source } = await hear(
      [rmc('180000', '211126', 'V'), gga('180000', 0), rmc('180001'), gga('180001', 0)].join('\n'),
    );
    expect(sink.rows.map(({ values }) => Object.keys(values))).toEqual([
      ['gpsQuality', 'gpsSatellites', 'gpsHdop'],
      ['gpsQuality', 'gpsSatellites', 'gpsHdop'],
    ]);
    expect(sink.fixes).toEqual([]);
    expect(source.stats?.()).toMatchObject({ voidFixes: 2 });
  });

  it('passes midnight with GGA alone, and mends a week counter that began again', async () => {
    const { context, sink } = await openRecording(
      [rmc('235959.90', '211126'), gga('235959.90'), gga('000000.00'), gga('000000.10')].join('\n'),
    );
    expect(context.name).toBe('test');
    expect(sink.rows.map(({ atMs }) => atMs - Date.UTC(2026, 10, 22))).toEqual([-100, 0, 100]);

    // 1024 weeks before 2026-11-21.
    const { sink: live, source } = await hear(`${rmc('180000', '070407')}\n`);
    expect(live.fixes[0].utcMs - 100).toBe(START_MS);
    expect(source.stats?.()).toMatchObject({ weekRollovers: 1 });
  });

  it('stamps a recording with its own times and leaves out what has no date yet', async () => {
    const { source, sink } = await openRecording([gga('175959'), rmc('180000'), gga('180000')].join('\n'));
    expect(source.stamps).toBe('own');
    expect(sink.rows.map(({ atMs }) => atMs)).toEqual([START_MS]);
    expect(source.stats?.()).toMatchObject({ undated: 1, fixes: 2 });
    expect(sink.fixes).toEqual([]);
  });

  it('reads gpsd', async () => {
    const { sink } = await hear(
      [
        '{"class":"VERSION","release":"3.25"}',
        '{"class":"SKY","hdop":0.8,"uSat":11}',
        '{"class":"TPV","mode":3,"time":"2026-11-21T18:00:00.000Z","lat":48.1,"lon":11.5,"altMSL":545,"speed":10,"track":90}',
        '{"class":"TPV","mode":1}',
        'nonsense',
      ].join('\n'),
      { protocol: 'gpsd' },
    );
    expect(sink.rows.map(({ values }) => values)).toEqual([
      {
        gpsLatitude: 48.1,
        gpsLongitude: 11.5,
        gpsSpeed: 36,
        gpsCourse: 90,
        gpsAltitude: 545,
        gpsQuality: 1,
        gpsSatellites: 11,
        gpsHdop: 0.8,
      },
      { gpsQuality: 0, gpsSatellites: 11, gpsHdop: 0.8 },
    ]);
  });

  const seed = 7_183;
  it(`never throws and never hangs on a damaged line, and counts each (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const text = Array.from({ length: 1500 }, (_, i) => {
      const time = `18${String(Math.floor(i / 60) % 60).padStart(2, '0')}${String(i % 60).padStart(2, '0')}.00`;
      return `${rmc(time)}\r\n${gga(time)}\r\n${vtg}\r\n`;
    }).join('');
    const stdin = new PassThrough();
    const { source, sink } = await openNmea({ input: 'stdin' }, { stdin });
    source.start(sink);
    for (const piece of mangled(Buffer.from(text), random)) stdin.write(piece);
    stdin.end();
    await until('stdin is at its end', () => sink.hasEnded);
    const stats = source.stats?.() ?? {};
    expect(stats.checksum).toBeGreaterThan(100);
    expect(sink.rows.length).toBeGreaterThan(500);
    for (const { values } of sink.rows) {
      if (values.gpsLatitude !== undefined) expect(Math.abs(values.gpsLatitude)).toBeLessThanOrEqual(90);
    }
  });
});

async function openRecording(text: string) {
  const context = testContext();
  writeFileSync(join(context.dir, 'drive.nmea'), text);
  const source = await nmeaKind.open(nmeaKind.config.parse({ input: { file: 'drive.nmea' } }), context);
  const sink = new RecordingSink(() => source);
  source.start(sink);
  await until('the file is at its end', () => sink.hasEnded);
  return { source, sink, context };
}

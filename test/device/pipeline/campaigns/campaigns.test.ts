import { describe, expect, test } from 'vitest';
import { seededRandom } from '#wire/random.js';
import { car, range, START_MS, table } from './driver.js';

const always = { type: 'always' };
const oneChannel = (channel: string, minPeriodMs = 0) => [{ channels: [channel], minPeriodMs }];

function campaign(id: string, fields: object) {
  return { v: 1, id, version: 1, when: always, collect: oneChannel('speed'), ...fields };
}

function running(...documents: object[]) {
  const driven = car();
  driven.evaluation.replaceCampaigns(documents);
  return driven;
}

describe('without a condition', () => {
  test('without campaigns everything is collected', () => {
    const { drive, collected, seen } = running();
    drive(0, 200);
    expect(collected.map(([at, name, value]) => [at, name, value])).toEqual(
      seen.map(([at, name, value]) => [at, name, value]),
    );
    expect(collected).toHaveLength(60);
  });

  test('always: the named channels, and nothing that nobody wants', () => {
    const { drive, water, timesOf } = running(campaign('a', { collect: [{ channels: ['speed', 'gear'] }] }));
    drive(0, 100);
    water(100, 80);
    expect([timesOf('speed'), timesOf('gear'), timesOf('rpm'), timesOf('waterTemp')]).toEqual([
      range(0, 100, 10),
      range(0, 100, 10),
      [],
      [],
    ]);
  });

  test('a least period between two samples of a channel', () => {
    const { drive, timesOf } = running(campaign('a', { collect: oneChannel('speed', 45) }));
    drive(0, 400);
    expect(timesOf('speed')).toEqual(range(0, 400, 50));
  });

  test('periodic: the first sample of each period counted from the epoch', () => {
    const { drive, timesOf } = running(campaign('a', { when: { type: 'periodic', periodMs: 100 } }));
    drive(130, 530);
    expect(timesOf('speed')).toEqual([130, 200, 300, 400, 500]);
  });

  test('* stands for every channel but those with an entry of their own', () => {
    const collect = [{ channels: ['*'], minPeriodMs: 100 }, { channels: ['rpm'] }];
    const { drive, timesOf } = running(campaign('a', { collect }));
    drive(0, 300);
    expect([timesOf('speed').length, timesOf('gear').length, timesOf('rpm').length]).toEqual([3, 3, 30]);
  });

  test('from its start to before its expiry', () => {
    const at = (ms: number) => new Date(START_MS + ms).toISOString();
    const { drive, timesOf } = running(campaign('a', { start: at(50), expiry: at(80) }));
    drive(0, 200);
    expect(timesOf('speed')).toEqual([50, 60, 70]);
  });
});

describe('by a condition', () => {
  const rpmHigh = { type: 'condition', condition: 'rpm > 7000' };
  const between = (from: number, end: number) => (ms: number) => (ms >= from && ms < end ? 7500 : 3000);

  test('ALWAYS: while it is true, also channels that come in other blocks', () => {
    const { drive, water, timesOf } = running(
      campaign('a', { when: rpmHigh, collect: [{ channels: ['speed', 'waterTemp'] }] }),
    );
    drive(0, 300, between(150, 400));
    water(305, 80, 81);
    drive(310, 500, between(150, 400));
    water(505, 90);
    expect(timesOf('speed')).toEqual(
      range(150, 310, 10)
        .filter((ms) => ms !== 300)
        .concat(range(310, 400, 10)),
    );
    expect(timesOf('waterTemp')).toEqual([305, 306]);
  });

  test('RISING_EDGE with time before and after: samples from before carry their own times', () => {
    const when = { ...rpmHigh, trigger: 'RISING_EDGE', preTriggerMs: 100, postTriggerMs: 50 };
    const { drive, timesOf, collected, evaluation } = running(campaign('a', { when }));
    drive(0, 600, between(300, 400));
    expect(timesOf('speed')).toEqual(range(200, 360, 10));
    expect(collected.every(([atMs, , value]) => atMs === value)).toBe(true);
    expect(evaluation.stats()).toMatchObject({
      triggers: 1,
      collected: 16,
      preTriggered: 10,
      preTriggerOverwritten: 0,
    });
  });

  test('the time before reaches other blocks too, also those that come later', () => {
    const when = { ...rpmHigh, trigger: 'RISING_EDGE', preTriggerMs: 100, postTriggerMs: 50 };
    const { drive, water, timesOf } = running(campaign('a', { when, collect: oneChannel('waterTemp') }));
    water(180, 1);
    water(250, 2);
    drive(0, 400, between(300, 310));
    water(290, 3);
    water(340, 4);
    water(360, 5);
    expect(timesOf('waterTemp')).toEqual([250, 290, 340]);
  });

  test('two edges in one block are two stretches', () => {
    const when = { ...rpmHigh, trigger: 'RISING_EDGE' };
    const { drive, timesOf, evaluation } = running(campaign('a', { when }));
    drive(0, 100, (ms) => (ms === 20 || ms === 70 || ms === 80 ? 7500 : 3000));
    expect(timesOf('speed')).toEqual([20, 70]);
    expect(evaluation.stats().triggers).toBe(2);
  });

  test('a least interval between triggers, counted', () => {
    const when = { ...rpmHigh, trigger: 'RISING_EDGE', minIntervalMs: 200 };
    const { drive, timesOf, evaluation } = running(campaign('a', { when }));
    drive(0, 600, (ms) => (ms % 100 === 50 ? 7500 : 3000));
    expect(timesOf('speed')).toEqual([50, 250, 450]);
    expect(evaluation.stats()).toMatchObject({ triggers: 3, suppressed: 3 });
  });

  test('ALWAYS with a least interval: a snapshot that often, as long as it is true', () => {
    const when = { ...rpmHigh, minIntervalMs: 100, postTriggerMs: 20 };
    const { drive, timesOf } = running(campaign('a', { when }));
    drive(0, 300, () => 7500);
    expect(timesOf('speed')).toEqual([0, 10, 20, 100, 110, 120, 200, 210, 220]);
  });

  test('a missing value is no news: no second edge, and what is true stays so', () => {
    const rpmAt = (ms: number) => (ms < 50 ? 3000 : ms % 20 === 0 ? Number.NaN : 7500);
    const edge = running(campaign('a', { when: { ...rpmHigh, trigger: 'RISING_EDGE' } }));
    edge.drive(0, 200, rpmAt);
    expect(edge.timesOf('speed')).toEqual([50]);
    const held = running(campaign('a', { when: rpmHigh }));
    held.drive(0, 200, rpmAt);
    expect(held.timesOf('speed')).toEqual(range(50, 200, 10));
  });

  test('signals of the condition alone are not collected', () => {
    const { drive, timesOf } = running(campaign('a', { when: rpmHigh }));
    drive(0, 100, () => 8000);
    expect([timesOf('rpm').length, timesOf('speed').length]).toEqual([0, 10]);
  });

  test('lap: the car’s own count', () => {
    const { drive, timesOf, evaluation } = running(
      campaign('a', { when: { type: 'condition', condition: 'lap == 3', trigger: 'ALWAYS' } }),
    );
    drive(0, 100);
    evaluation.lap(3, 90_000, START_MS + 100);
    drive(100, 200);
    evaluation.lap(4, 90_000, START_MS + 200);
    drive(200, 300);
    expect(timesOf('speed')).toEqual(range(100, 200, 10));
  });
});

describe('several at once', () => {
  test('no sample is sent twice, and it goes with the most urgent', () => {
    const { drive, collected, timesOf } = running(
      campaign('slow', { priority: 7, collect: [{ channels: ['speed', 'gear'], minPeriodMs: 20 }] }),
      campaign('urgent', { priority: 0, collect: oneChannel('speed', 50) }),
    );
    drive(0, 100);
    expect(timesOf('speed').sort((a, b) => a - b)).toEqual([0, 20, 40, 50, 60, 80]);
    const levels = collected.filter(([, name]) => name === 'speed').map(([at, , , level]) => [at, level]);
    expect(Object.fromEntries(levels)).toEqual({ 0: 'high', 20: 'low', 40: 'low', 50: 'high', 60: 'low', 80: 'low' });
  });

  test('what one collects all the time, the buffer of another does not give again', () => {
    const when = { type: 'condition', condition: 'rpm > 7000', trigger: 'RISING_EDGE', preTriggerMs: 100 };
    const { drive, timesOf } = running(
      campaign('base', { collect: oneChannel('speed', 50) }),
      campaign('event', { when, priority: 0 }),
    );
    drive(0, 400, (ms) => (ms === 300 ? 7500 : 3000));
    const wanted = new Set([...range(0, 400, 50), ...range(200, 310, 10)]);
    expect(timesOf('speed').sort((a, b) => a - b)).toEqual([...wanted].sort((a, b) => a - b));
  });

  const SEED = 77;
  test(`the union of what each collects alone (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)];
    for (let run = 0; run < 60; run++) {
      const documents = range(0, 1 + Math.floor(random() * 4), 1).map((i) =>
        campaign(`c${i}`, {
          priority: Math.floor(random() * 10),
          collect: [{ channels: pick([['speed'], ['speed', 'rpm'], ['gear', 'waterTemp'], ['*']]) }],
          when: pick([
            always,
            { type: 'condition', condition: 'rpm > 6000' },
            {
              type: 'condition',
              condition: 'rpm > 6000 and max(rpm, 100 ms) > 7000',
              trigger: 'RISING_EDGE',
              preTriggerMs: pick([0, 50, 130]),
              postTriggerMs: pick([0, 70]),
              minIntervalMs: pick([0, 150]),
            },
          ]),
        }),
      );
      const rpm = range(0, 1200, 10).map(() => 4000 + Math.floor(random() * 4500));
      const play = (...some: object[]) => {
        const driven = running(...some);
        for (let ms = 0; ms < 1000; ms += 100) {
          driven.drive(ms, ms + 100, (at) => rpm[at / 10]);
          driven.water(ms + 95, 80, 81);
        }
        return driven.collected.map(([at, name]) => `${at} ${name}`);
      };
      const together = play(...documents);
      expect(new Set(together).size, `run ${run}: each sample once`).toBe(together.length);
      const union = new Set(documents.flatMap((document) => play(document)));
      expect([...together].sort(), `run ${run}`).toEqual([...union].sort());
    }
  });
});

describe('bounds', () => {
  const when = { type: 'condition', condition: 'rpm > 7000', trigger: 'RISING_EDGE', preTriggerMs: 2000 };

  test('a pre-trigger buffer that is full gives up its oldest, and counts them', () => {
    // 200 rows at the stated rate take 1,600 bytes and pass; with their times they take more, in powers of two.
    const driven = car({ preTriggerBytesMax: 1700 });
    driven.evaluation.replaceCampaigns([campaign('a', { when })]);
    driven.drive(0, 1500, (ms) => (ms === 1490 ? 7500 : 3000));
    expect(driven.timesOf('speed')).toEqual(range(1490 - 64 * 10, 1500, 10));
    const stats = driven.evaluation.stats();
    expect(stats).toMatchObject({ preTriggered: 64, preTriggerOverwritten: 85 });
    expect(stats.preTriggerBytes).toBeLessThanOrEqual(1700);
  });

  test('buffers that the stated rates would overfill are refused at once', () => {
    const driven = car({ preTriggerBytesMax: 1500 });
    expect(() => driven.evaluation.replaceCampaigns([campaign('a', { when })])).toThrow(
      expect.objectContaining({
        code: 'PW-CAMPAIGN-INVALID',
        message: expect.stringContaining('would need 1600 bytes; there are 1500'),
      }),
    );
  });

  test('without spool nothing is collected while the link is down, and it is counted', () => {
    const { drive, timesOf, evaluation } = running(campaign('a', { spool: false }));
    drive(0, 100);
    evaluation.link(true, 20);
    drive(100, 200);
    evaluation.link(false, null);
    drive(200, 300);
    expect(timesOf('speed')).toEqual(range(100, 200, 10));
    expect(evaluation.stats()).toMatchObject({ collected: 10, notSpooled: 20 });
  });

  test('uploadWhen opens and closes for what has low priority', () => {
    const { evaluation } = running(campaign('a', { priority: 6, uploadWhen: 'linkUp and rttMs < 100 [ms]' }));
    expect(evaluation.mayUploadLow).toBe(false);
    evaluation.link(true, 40);
    expect(evaluation.mayUploadLow).toBe(true);
    evaluation.link(true, 400);
    expect(evaluation.mayUploadLow).toBe(false);
    evaluation.replaceCampaigns([]);
    expect(evaluation.mayUploadLow).toBe(true);
  });

  test('a clock that is set back by 65 hours does not stop collecting', () => {
    const { drive, timesOf } = running(
      campaign('a', { collect: oneChannel('speed', 100) }),
      campaign('b', { when: { ...when, preTriggerMs: 20 }, collect: oneChannel('gear') }),
    );
    drive(0, 200, (ms) => (ms === 150 ? 7500 : 3000));
    const back = -65 * 3_600_000;
    drive(back, back + 200, (ms) => (ms === back + 150 ? 7500 : 3000));
    expect(timesOf('speed')).toEqual([0, 100, back, back + 100]);
    expect(timesOf('gear')).toEqual([130, 140, 150, back + 130, back + 140, back + 150]);
  });

  test('nor does it while a condition holds', () => {
    const { drive, timesOf } = running(campaign('a', { when: { type: 'condition', condition: 'rpm > 7000' } }));
    const back = -65 * 3_600_000;
    drive(0, 100, () => 7500);
    drive(back, back + 100, () => 7500);
    expect(timesOf('speed')).toEqual([...range(0, 100, 10), ...range(back, back + 100, 10)]);
  });
});

describe('replacing', () => {
  test('at once, between two blocks; a document that stays carries on', () => {
    const edge = campaign('edge', {
      when: { type: 'condition', condition: 'rpm > 7000', trigger: 'RISING_EDGE', postTriggerMs: 1000 },
    });
    const { drive, timesOf, evaluation } = running(edge);
    drive(0, 100, () => 7500);
    evaluation.replaceCampaigns([edge, campaign('more', { collect: oneChannel('rpm') })]);
    drive(100, 200, () => 7500);
    expect([timesOf('speed'), timesOf('rpm')]).toEqual([range(0, 200, 10), range(100, 200, 10)]);
    // It was true before: no second trigger.
    expect(evaluation.stats()).toMatchObject({ triggers: 1, campaigns: 2, replacements: 2 });
  });

  test.each([
    ['no list', {}, 'Wanted a list'],
    ['an unknown key', [campaign('a', { colect: [] })], 'campaign "a": unknown colect Did you mean "collect"?'],
    ['a key of another kind', [campaign('a', { when: { type: 'periodic', period: 5 } })], 'Did you mean "periodMs"?'],
    [
      'an unknown channel',
      [campaign('a', { collect: oneChannel('sped') })],
      'collects an unknown channel "sped". Did you mean "speed"?',
    ],
    [
      'a wrong condition',
      [campaign('a', { when: { type: 'condition', condition: 'rpm >> 3' } })],
      'campaign "a": ">" where',
    ],
    ['an id used twice', [campaign('a', {}), campaign('a', {})], 'the id is used twice'],
    [
      'a channel twice',
      [campaign('a', { collect: [...oneChannel('rpm'), ...oneChannel('rpm')] })],
      '"rpm" is collected twice',
    ],
    [
      'an end before its start',
      [campaign('a', { start: '2026-11-21T14:00:00Z', expiry: '2026-11-21T13:00:00Z' })],
      'is not after start',
    ],
    [
      'a wait for what is urgent',
      [campaign('a', { priority: 1, uploadWhen: 'linkUp' })],
      'only what has priority 5 to 9 may wait',
    ],
    [
      'two gates',
      [campaign('a', { priority: 6, uploadWhen: 'linkUp' }), campaign('b', { priority: 7 })],
      'the same uploadWhen',
    ],
    ['a time without a zone', [campaign('a', { start: '2026-11-21T14:00:00' })], 'campaign "a": start: Invalid'],
  ])('%s is refused, and the ones before go on', (_name, documents, message) => {
    const { drive, timesOf, evaluation } = running(campaign('good', {}));
    expect(() => evaluation.replaceCampaigns(documents)).toThrow(
      expect.objectContaining({ code: 'PW-CAMPAIGN-INVALID', message: expect.stringContaining(message) }),
    );
    drive(0, 100);
    expect(timesOf('speed')).toHaveLength(10);
    expect(evaluation.campaigns.map(({ id }) => id)).toEqual(['good']);
    expect(evaluation.stats()).toMatchObject({ replacements: 1, refused: 1 });
  });

  test('one refusal tells every reason', () => {
    const { evaluation } = running();
    const documents = [
      campaign('a', { collect: oneChannel('sped') }),
      campaign('b', { when: { type: 'condition', condition: 'rmp > 1' } }),
    ];
    expect(() => evaluation.replaceCampaigns(documents)).toThrow(/"a": .*"b": /);
  });

  test('buffers of campaigns that are gone give their bytes back', () => {
    const when = { type: 'condition', condition: 'rpm > 7000', preTriggerMs: 500, minIntervalMs: 1 };
    const { drive, evaluation } = running(campaign('a', { when }));
    drive(0, 500);
    expect(evaluation.stats().preTriggerBytes).toBeGreaterThan(0);
    evaluation.replaceCampaigns([]);
    expect(evaluation.stats().preTriggerBytes).toBe(0);
  });
});

test('the table of these tests has what they name', () => {
  expect(table.channels.map(({ name }) => name)).toEqual(['speed', 'rpm', 'gear', 'waterTemp']);
});

import { describe, expect, it } from 'vitest';
import { Counts } from '#device/sources/counts.js';
import { LineSplitter } from '#device/sources/lines.js';
import { parseRecord } from '#device/sources/rmonitor/record.js';
import { RmonitorSession } from '#device/sources/rmonitor/session.js';
import type { TimingBody } from '#device/sources/source.js';
import { seededRandom } from '#wire/random.js';
import { mangled, START_MS } from '../support.js';

const COMPETITORS = ['$A,"R1","7",1001,"Ann","Li","",1', '$A,"R2","12X",1002,"Bo","O\'Neil, Jr.","",1'];

/** A session that hears lines, each at `START_MS` + so many seconds. */
function session(loops?: Record<string, 'PI' | 'PO'>) {
  const counts = new Counts();
  const heard = new RmonitorSession(counts, loops);
  const hear = (atS: number, ...lines: string[]): TimingBody[] =>
    lines.flatMap((line) => {
      const record = parseRecord(line);
      if (typeof record === 'string') throw new Error(`${record}: ${line}`);
      return heard.push(record, START_MS + atS * 1000);
    });
  return { hear, counts };
}

const heartbeat = (raceTime: string, flag: string) => `$F,9999,"00:05:00","18:00:00","${raceTime}","${flag.padEnd(6)}"`;

describe('a record', () => {
  it.each([
    [
      '$A,"1234BE","12X",52474,"John","Johnson, Jr.","USA",5',
      { type: 'competitor', registration: '1234BE', number: '12X', transponder: '52474' },
    ],
    [
      '$G,3,"1234BE",14,"01:12:47.872"',
      { type: 'position', registration: '1234BE', position: 3, laps: 14, totalMs: 4_367_872 },
    ],
    ['$G,3,"1234BE",,"00:59:59.999"', { type: 'position', laps: 0, totalMs: undefined }],
    ['$J,"1234BE","00:02:03.826","01:42:17.672"', { type: 'passing', lapTimeMs: 123_826, totalMs: 6_137_672 }],
    ['$F,14,"00:12:45","13:34:23","00:09:47","Green "', { type: 'heartbeat', raceTimeMs: 587_000, flag: 'green' }],
    ['$F,0,"00:00:00","13:34:23","00:59:59","Finish"', { type: 'heartbeat', raceTimeMs: undefined, flag: 'checkered' }],
    ['$L,"45","P2","POP","01/27/2009","14:10:14.716"', { type: 'line', number: '45', lineName: 'POP' }],
    ['$I,"16:36:08.000","12 jan 01"', { type: 'init' }],
  ])('%s', (line, record) => expect(parseRecord(line)).toMatchObject(record));

  it.each([
    ['$C,1,"Formula Vee"', 'other'],
    ['$H,2,"1234BE",3,"00:02:17.872"', 'other'],
    ['$G,x,"1",1,"00:00:01.000"', 'malformed'],
    ['$J,"1","soon","00:00:01.000"', 'malformed'],
    ['$A,"1"', 'malformed'],
    ['GET / HTTP/1.1', 'garbage'],
    ['$', 'garbage'],
  ])('%s is refused: %s', (line, reason) => expect(parseRecord(line)).toBe(reason));
});

describe('a session', () => {
  it('tells a passing with lap and place from the race order that follows it, and who it was', () => {
    const { hear } = session();
    hear(0, ...COMPETITORS);
    expect(hear(2.1, '$J,"R2","00:00:00.000","00:00:02.051"')).toEqual([]);
    expect(hear(2.1, '$G,1,"R2",,"00:00:02.051"')).toEqual([
      {
        kind: 'timing',
        type: 'passing',
        transponder: '1002',
        number: '12X',
        loop: 'SF',
        lap: 0,
        lapTimeMs: null,
        position: 1,
        elapsedMs: 2051,
        eventTimeMs: START_MS + 2100,
      },
    ]);
    const [lap] = hear(35.7, '$J,"R2","00:00:33.553","00:00:35.604"', '$G,2,"R2",1,"00:00:35.604"');
    // News is late by what the earliest showed: 49 ms; the second came 47 ms later than that would be.
    expect(lap).toMatchObject({ lap: 1, lapTimeMs: 33_553, position: 2, eventTimeMs: START_MS + 35_653 });
  });

  it('tells flags when they change, with the leader’s laps', () => {
    const { hear } = session();
    hear(0, ...COMPETITORS);
    expect(
      hear(0, heartbeat('00:00:00', ''), heartbeat('00:00:01', 'Green')).map((each) => 'flag' in each && each.flag),
    ).toEqual(['none', 'green']);
    hear(40, '$G,1,"R1",3,"00:00:39.000"');
    expect(hear(41, heartbeat('00:00:41', 'Green'), heartbeat('00:00:42', 'Yellow'))).toEqual([
      { kind: 'timing', type: 'flag', flag: 'yellow', lap: 3, eventTimeMs: START_MS + 41_000 },
    ]);
    expect(hear(43, heartbeat('00:00:43', 'Purple'))).toEqual([]);
  });

  it('tells nothing of what a server repeats to a new client, and nothing twice', () => {
    const { hear, counts } = session();
    const state = [
      ...COMPETITORS,
      '$G,1,"R1",5,"00:02:30.000"',
      '$G,2,"R2",5,"00:02:31.000"',
      '$H,1,"R1",2,"00:00:29.000"',
    ].filter((line) => !line.startsWith('$H'));
    expect(hear(150, ...state)).toEqual([]);
    const lap = ['$J,"R1","00:00:30.000","00:03:00.000"', '$G,1,"R1",6,"00:03:00.000"'];
    expect(hear(180, ...lap)).toHaveLength(1);
    expect(hear(181, ...lap, ...state.slice(0, 2), '$G,1,"R1",6,"00:03:00.000"')).toEqual([]);
    expect(counts.toJSON()).toMatchObject({ passings: 1 });
  });

  it('tells a lap that was missed while the connection was down, with its time when it is one lap', () => {
    const { hear, counts } = session();
    hear(0, ...COMPETITORS, '$G,1,"R1",5,"00:02:30.000"', '$G,2,"R2",5,"00:02:31.000"');
    hear(151, '$J,"R1","00:00:01.000","00:02:31.500"');
    const missed = hear(200, '$G,1,"R2",6,"00:03:02.250"');
    expect(missed).toMatchObject([{ number: '12X', lap: 6, lapTimeMs: 31_250, elapsedMs: 182_250 }]);
    expect(hear(300, '$G,1,"R2",9,"00:04:40.000"')).toMatchObject([{ lap: 9, lapTimeMs: null }]);
    expect(counts.toJSON()).toMatchObject({ lapsMissed: 2 });
  });

  it('tells that laps are taken back, and keeps those of a server that has lost its count', () => {
    const { hear, counts } = session();
    hear(0, ...COMPETITORS, '$G,1,"R2",9,"00:04:30.000"');
    expect(hear(280, '$G,1,"R2",8,"00:04:00.000"')).toMatchObject([{ type: 'recount', number: '12X', lap: 8 }]);
    expect(hear(290, '$G,1,"R2",1,"00:00:30.000"')).toEqual([]);
    expect(counts.toJSON()).toMatchObject({ corrections: 2 });
  });

  it('does not wait for ever for a race order', () => {
    const { hear, counts } = session();
    hear(0, ...COMPETITORS, '$G,1,"R1",5,"00:02:30.000"');
    hear(180, '$J,"R1","00:00:30.000","00:03:00.000"', heartbeat('00:03:01', 'Green'));
    expect(hear(182, heartbeat('00:03:02', 'Green'))).toMatchObject([{ lap: 6, lapTimeMs: 30_000, position: null }]);
    expect(counts.toJSON()).toMatchObject({ withoutOrder: 1 });
  });

  it('begins anew with $I, with another run and when the race time falls back', () => {
    const { hear } = session();
    const first = ['$J,"R1","00:00:00.000","00:00:02.000"', '$G,1,"R1",,"00:00:02.000"'];
    hear(0, '$B,1,"Race 1"', ...COMPETITORS, heartbeat('00:00:01', 'Green'));
    expect(hear(2, ...first)).toHaveLength(1);
    hear(100, '$B,2,"Race 2"');
    expect(hear(102, ...first)).toMatchObject([{ number: '7' }]);
    hear(150, heartbeat('00:00:50', 'Green'), heartbeat('00:00:00', ''));
    expect(hear(152, ...first)).toHaveLength(1);
    hear(200, '$I,"16:36:08.000","12 jan 01"');
    expect(hear(202, ...first)).toMatchObject([{ number: 'R1', transponder: '' }]);
  });

  it('knows pit entry and exit where the server sends lines and the configuration names them', () => {
    const { hear, counts } = session({ PIP: 'PI', POP: 'PO' });
    hear(0, ...COMPETITORS, '$J,"R1","00:00:00.000","00:00:00.000"', '$G,1,"R1",,"00:00:00.000"');
    expect(hear(30, '$L,"7","P1","PIP","11/21/2026","18:00:30.000"')).toMatchObject([
      { loop: 'PI', number: '7', transponder: '1001', lap: 1, elapsedMs: 30_000 },
    ]);
    expect(hear(31, '$L,"7","S1","SFI","11/21/2026","18:00:31.000"')).toEqual([]);
    expect(counts.toJSON()).toMatchObject({ otherLines: 1 });
  });

  const seed = 7_961;
  it(`of damaged lines never throws and stays small (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const text = Array.from({ length: 3000 }, (_, i) => {
      const reg = `R${i % 9}`;
      const total = `00:${String(Math.floor(i / 60) % 60).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}.500`;
      return `$J,"${reg}","00:00:30.000","${total}"\r\n$G,${i % 9},"${reg}",${Math.floor(i / 9)},"${total}"\r\n`;
    }).join('');
    const counts = new Counts();
    const heard = new RmonitorSession(counts);
    let told = 0;
    const lines = new LineSplitter({
      maxBytes: 200,
      onTooLong: () => counts.add('tooLong'),
      onLine: (line) => {
        const record = parseRecord(line);
        if (typeof record === 'string') counts.add(record);
        else told += heard.push(record, START_MS).length;
      },
    });
    for (const piece of mangled(Buffer.from(text), random)) lines.push(piece);
    expect(told).toBeGreaterThan(1000);
    expect(counts.toJSON().malformed).toBeGreaterThan(20);
  });
});

import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { arbitrateLines } from '../../cli/commands/strategy-arbitrate.js';

async function answered(lines: readonly string[]): Promise<string[]> {
  const output = new PassThrough();
  const all = text(output);
  await arbitrateLines(Readable.from(lines.map((line) => `${line}\n`)), output);
  output.end();
  return (await all).split('\n').slice(0, -1);
}

const TIMING = '{"source":"timing","receivedAt":1743366000000,"car":"2","lap":3,"lapTimeMs":90000}';
const CAR =
  '{"source":"car","receivedAt":1743366090500,"car":"2","vehicleId":null,"lap":5,"lapTimeMs":90040,"carTime":1}';
const END = '{"end":true}';

describe('strategy arbitrate', () => {
  it('prints the laps at the end, whatever the order, equal lines once', async () => {
    const laps = [
      '{"car":"2","lap":3,"lapTimeMs":90000,"source":"timing","confidence":0.98,"version":1}',
      '{"car":"2","lap":4,"lapTimeMs":90040,"source":"car","confidence":0.92,"version":1}',
    ];
    expect(await answered([TIMING, CAR, END])).toEqual(laps);
    expect(await answered([CAR, TIMING, CAR, END])).toEqual(laps);
  });

  it('starts anew behind each end, and takes lines that break off for one', async () => {
    const lap = '{"car":"2","lap":3,"lapTimeMs":90000,"source":"timing","confidence":0.98,"version":1}';
    expect(await answered([TIMING, END, TIMING])).toEqual([lap, lap]);
    expect(await answered([END])).toEqual([]);
  });

  it('answers a line that cannot be served with an error, and goes on', async () => {
    const [notJson, noSource, lap] = await answered([
      '{',
      '{"id":7,"source":"radio","receivedAt":1,"car":"2"}',
      TIMING,
      END,
    ]);
    expect(JSON.parse(notJson)).toMatchObject({ id: null, error: { code: 'PW-USAGE-LINE' } });
    expect(JSON.parse(noSource)).toMatchObject({ id: 7, error: { code: 'PW-USAGE-LINE' } });
    expect(JSON.parse(lap)).toMatchObject({ car: '2', lap: 3 });
  });
});

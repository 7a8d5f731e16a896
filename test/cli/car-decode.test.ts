import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { type CarDecodeFlags, decode } from '#cli/commands/car-decode.js';
import { sharedFolder } from '../helpers/shared-data.js';
import { ROOT } from '../helpers/tree.js';

const fixtures = join(ROOT, 'test/fixtures/can');
const paddock = join(fixtures, 'paddock.dbc');
const given = join(sharedFolder, 'data/can');
const golden = join(given, 'brz_golden_decode.jsonl');

async function run(input: string | Buffer, flags: CarDecodeFlags): Promise<{ lines: string[]; said: string[] }> {
  const output = new PassThrough();
  const said: string[] = [];
  const written = text(output);
  const pieces = Array.from({ length: Math.ceil(input.length / 1000) }, (_, i) =>
    input.slice(i * 1000, (i + 1) * 1000),
  );
  await decode(flags, Readable.from(pieces.map((piece) => Buffer.from(piece))), output, (line) => said.push(line));
  output.end();
  return { lines: (await written).split('\n').slice(0, -1), said };
}

describe('pitwall car decode', () => {
  it('writes a line a frame that a file defines: active signals, six decimals, all digits', async () => {
    const { lines } = await run(readFileSync(join(fixtures, 'paddock.log')), {
      dbc: [paddock],
      j1939: true,
      obd: true,
    });
    expect(lines).toEqual([
      '{"t":1700000000.000000,"id":256,"signals":{"Rpm":2000,"OilTemp":90,"Torque":-1.3,"Cut":1}}',
      '{"t":1700000000.000500,"id":257,"signals":{"Which":0,"FrontLoad":8}}',
      '{"t":1700000000.010000,"id":256,"signals":{"Rpm":2004,"OilTemp":90,"Torque":-1.3,"Cut":0}}',
      '{"t":1700000000.010200,"id":256,"signals":{"Rpm":0,"OilTemp":-40,"Torque":0,"Cut":0}}',
      '{"t":1700000000.012000,"id":257,"signals":{"Which":2,"SubSelectorOfTheRearDampers":1,"DamperA":7}}',
      '{"id":null,"error":{"code":"PW-USAGE-LINE","message":"Line 6, column 1: expected \\"(\\", the start of a time."}}',
      '{"t":1700000000.014000,"id":257,"signals":{"Which":2,"SubSelectorOfTheRearDampers":2,"DamperB":9}}',
      '{"t":1700000000.020000,"id":256,"signals":{"Rpm":2008,"OilTemp":90}}',
      '{"t":1700000000.021000,"id":259,"signals":{"Count":9223372036854775807}}',
      '{"t":1700000000.033000,"id":418382848,"signals":{"EngineSpeed":1800}}',
      '{"t":1700000000.034000,"id":258,"signals":{"Lat":0.5,"Lon":1.5}}',
      '{"t":1700000000.040000,"id":2024,"signals":{"ENGINE_SPEED":1726}}',
    ]);
  });

  it('gives no line for ids without a definition, which PGN and OBD-II are when not asked for', async () => {
    const { lines } = await run(readFileSync(join(fixtures, 'paddock.log')), { dbc: [paddock] });
    expect(lines.some((line) => line.includes('EngineSpeed') || line.includes('ENGINE_SPEED'))).toBe(false);
  });

  it('takes several files, the first wins, and says what is not used', async () => {
    const { lines, said } = await run('(1.000000) can0 103#0100000000000000\n', { dbc: [paddock, paddock] });
    expect(lines).toEqual(['{"t":1.000000,"id":259,"signals":{"Count":1}}']);
    expect(said).toEqual(expect.arrayContaining([expect.stringMatching(/^Engine of .*: .* has id 256 first$/)]));
  });

  it('writes null for a float that is no number, and nothing for nothing', async () => {
    const { lines } = await run('(1.0) can0 102##10000C07FFFF0000000000000\n', { dbc: [paddock] });
    expect(lines).toEqual(['{"t":1.000000,"id":258,"signals":{"Lat":null,"Lon":null}}']);
    expect((await run('', { dbc: [paddock] })).lines).toEqual([]);
  });

  it.skipIf(!existsSync(golden))(
    `agrees with the golden decode on 245 of 245 values${existsSync(golden) ? '' : ' (skipped: no shared data; set PITWALL_SHARED)'}`,
    async () => {
      const log = readFileSync(join(given, 'brz_candump_10s.log'));
      const { lines } = await run(log, { dbc: [join(given, 'brz_sample.dbc')] });
      const byFrame = new Map(lines.map((line) => [/^\{"t":([\d.]+),"id":(\d+)/.exec(line)?.slice(1).join(' '), line]));
      let values = 0;
      for (const line of readFileSync(golden, 'utf8').trim().split('\n')) {
        const { ts, id, signals } = JSON.parse(line) as { ts: string; id: number; signals: Record<string, number> };
        expect(JSON.parse(byFrame.get(`${ts} ${id}`)!)).toEqual({ t: Number(ts), id, signals });
        values += Object.keys(signals).length;
      }
      expect(values).toBe(245);
    },
  );
});

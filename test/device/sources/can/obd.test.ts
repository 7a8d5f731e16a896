import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OBD_PIDS, ObdDecoder } from '#device/sources/can/obd.js';
import { sharedFolder } from '../../../helpers/shared-data.js';
import { frameOf } from './support.js';

const table = join(sharedFolder, 'data/can/fleetwise_obd_config.json');

describe('OBD-II', () => {
  it.each([
    ['7E8#04410C1AF8000000', 'ENGINE_SPEED', 1726],
    ['7E9#03410D6400000000', 'VEHICLE_SPEED', 100],
    ['7E8#0341057B00000000', 'ENGINE_COOLANT_TEMPERATURE', 83],
    ['7E8#034106FF', 'FUEL_TRIM_SHORT_TERM_BANK_1', 99.21875],
    ['7E8#044132FFFC', 'EVAP_SYSTEM_VAPOR_PRESSURE', -1],
    ['7E8#0641A600012345', 'ODOMETER', 7456.5],
  ])('%s is %s', (frame, name, value) => {
    const answer = new ObdDecoder().decode(frameOf(frame));
    expect(answer?.pid.name).toBe(name);
    expect(answer?.value).toBe(value);
  });

  it.each(['7E8#0441FF0000', '7E8#037F0112', '7E8#10140902', '7E8#04410C1A', '7E8#05410C1AF8', '7E8#04'])(
    '%s is counted as unknown',
    (frame) => {
      const decoder = new ObdDecoder();
      expect(decoder.decode(frameOf(frame))).toBeUndefined();
      expect(decoder.unknown).toBe(1);
    },
  );

  it('leaves requests and other ids alone', () => {
    const decoder = new ObdDecoder();
    expect([decoder.decode(frameOf('7DF#02010C')), decoder.decode(frameOf('100#04410C1AF8'))]).toEqual([
      undefined,
      undefined,
    ]);
    expect(decoder.unknown).toBe(0);
  });

  it('has each PID once', () => {
    expect(new Set(OBD_PIDS.map(({ pid }) => pid)).size).toBe(OBD_PIDS.length);
  });

  it.skipIf(!existsSync(table))(
    `agrees with the table of another agent${existsSync(table) ? '' : ' (skipped: no shared data; set PITWALL_SHARED)'}`,
    () => {
      interface Theirs {
        num: string;
        scale: number;
        offset: number;
        size: number;
      }
      const { ecus } = JSON.parse(readFileSync(table, 'utf8')) as { ecus: { pids: Record<string, Theirs> }[] };
      let compared = 0;
      for (const { num, scale, offset, size } of ecus.flatMap(({ pids }) => Object.values(pids))) {
        const ours = OBD_PIDS.find(({ pid }) => pid === Number(num));
        if (!ours) continue;
        compared++;
        expect(ours.bytes).toBe(size);
        for (const raw of [0, 1, 100, 255]) {
          const value = (raw * ours.multiply) / ours.divide + ours.offset;
          // They round the factor of the fuel pressure to three digits.
          expect(value / (raw / scale - offset || 1)).toBeCloseTo(raw / scale - offset === 0 ? value : 1, 2);
        }
      }
      expect(compared).toBe(26);
    },
  );
});

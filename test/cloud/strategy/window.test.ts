import { describe, expect, it } from 'vitest';
import { fuelCostMs, tyreCostMs } from '#cloud/strategy/stint-cost.js';
import { pitWindow, planCostMs, type Situation } from '#cloud/strategy/window.js';

function situation(more: Partial<Situation> = {}): Situation {
  return {
    lap: 10,
    lapsTotal: 60,
    tyreAgeLaps: 10,
    fuelKg: 40,
    fuelLapsLeft: { low: 19.4, mean: 20, high: 20.6 },
    tankKg: 60,
    tankLaps: 30,
    pitLossMs: 30_000,
    cost: { tyreMsPerLap: 60, tyreLifeLaps: 40, wornMsPerLap: 200, msPerKg: 0, fuelPerLapKg: 2 },
    ...more,
  };
}

describe('stint cost', () => {
  const { cost } = situation({
    cost: { tyreMsPerLap: 10, tyreLifeLaps: 5, wornMsPerLap: 100, msPerKg: 3, fuelPerLapKg: 2 },
  });

  it('equals the sum over its laps', () => {
    let tyres = 0;
    let weight = 0;
    for (let lap = 1; lap <= 8; lap++) {
      tyres += 10 * (3 + lap) + 100 * Math.max(0, 3 + lap - 5);
      weight += 3 * (20 - 2 * (lap - 1));
    }
    expect(tyreCostMs(cost, 3, 8)).toBe(tyres);
    expect(fuelCostMs(cost, 20, 8)).toBe(weight);
  });
});

describe('pit window', () => {
  it('closes with the cautious end of the fuel and opens where one stop fewer is left', () => {
    // 50 laps to go, 19 by fuel, 30 a tank: two stops; the first may come at once.
    const now = situation();
    expect(pitWindow(now)).toMatchObject({ openLap: 11, closeLap: 29, stopsToGo: 2 });
    // 31 laps to go: one stop, from the lap on which a tank reaches the end.
    expect(pitWindow(situation({ lapsTotal: 41 }))).toMatchObject({ openLap: 11, closeLap: 29, stopsToGo: 1 });
    expect(pitWindow(situation({ lapsTotal: 55, tankLaps: 40, cost: { ...now.cost, tyreMsPerLap: 0 } }))).toMatchObject(
      {
        openLap: 15,
        closeLap: 29,
        stopsToGo: 1,
      },
    );
  });

  it('has its best lap where the remaining race is cheapest', () => {
    const now = situation({ tyreAgeLaps: 0, lapsTotal: 45 });
    const window = pitWindow(now)!;
    const costs = Array.from({ length: window.closeLap - window.openLap + 1 }, (_, i) =>
      planCostMs(now, window.openLap + i, window.stopsToGo, 0),
    );
    expect(window.bestLap).toBe(window.openLap + costs.indexOf(Math.min(...costs)));
    // One stop, even wear: as many laps before as after.
    expect(window).toMatchObject({ stopsToGo: 1, bestLap: 27 });
  });

  it('is null when fuel reaches the end and new tyres do not pay', () => {
    expect(pitWindow(situation({ lapsTotal: 25 }))).toBeNull();
    expect(pitWindow(situation({ lapsTotal: 11 }))).toBeNull();
  });

  it('takes a stop for tyres alone when they pay', () => {
    const cost = { ...situation().cost, tyreMsPerLap: 300 };
    expect(pitWindow(situation({ lapsTotal: 28, cost }))).toMatchObject({ stopsToGo: 1 });
  });

  it('says now when the tank is as good as dry', () => {
    const dry = situation({ fuelKg: 0.5, fuelLapsLeft: { low: 0, mean: 0.2, high: 0.5 } });
    expect(pitWindow(dry)).toMatchObject({ openLap: 11, closeLap: 11, bestLap: 11 });
  });
});

import { describe, expect, it } from 'vitest';
import { type Wear, wearMs } from '#cloud/strategy/answers/wear.js';
import { pitWindow, planCostMs, type Situation } from '#cloud/strategy/answers/window.js';

/** So much a lap of age, and steeper beyond a life. */
function wear(msPerLap: number, lifeLaps = 40, wornMs = 200, fuelLapMs = 0): Wear {
  const sumMs = new Float64Array(121);
  for (let age = 1; age <= 120; age++) {
    sumMs[age] = sumMs[age - 1] + msPerLap * age + wornMs * Math.max(0, age - lifeLaps);
  }
  return { sumMs, sumSdMs: sumMs.map((ms) => 0.1 * ms), fuelLapMs };
}

function situation(more: Partial<Situation> = {}): Situation {
  return {
    lap: 10,
    lapsTotal: 60,
    tyreAgeLaps: 10,
    fuelLapsLeft: { low: 19.4, mean: 20, high: 20.6 },
    fuelLapsSd: 0.5,
    tankLaps: 30,
    pitLossMs: 30_000,
    wear: wear(60),
    ...more,
  };
}

describe('wear', () => {
  it('equals the sum over its laps, with halves between', () => {
    const { sumMs } = wear(10, 5, 100);
    let tyres = 0;
    for (let lap = 1; lap <= 8; lap++) tyres += 10 * (3 + lap) + 100 * Math.max(0, 3 + lap - 5);
    expect(wearMs(sumMs, 3, 8)).toBe(tyres);
    expect(wearMs(sumMs, 0, 2.5)).toBe(10 + 20 + 15);
  });

  it('carries fuel from the fill to the end of the stint', () => {
    // 10 laps on the 20 on board (and the 10 burnt, which the wear has taken off), then 40 on a fill for 30.
    const now = situation({ wear: wear(0, 200, 0, 3) });
    expect(planCostMs(now, 20, 1, 0)).toBe(3 * 30 * 10 + 3 * 30 * 40);
  });
});

describe('pit window', () => {
  it('closes with the cautious end of the fuel and opens where one stop fewer is left', () => {
    // 50 laps to go, 19 by fuel, 30 a tank: two stops; the first may come at once.
    expect(pitWindow(situation())).toMatchObject({ openLap: 11, closeLap: 29, stopsToGo: 2 });
    // 31 laps to go: one stop, from the lap on which a tank reaches the end.
    expect(pitWindow(situation({ lapsTotal: 41 }))).toMatchObject({ openLap: 11, closeLap: 29, stopsToGo: 1 });
    expect(pitWindow(situation({ lapsTotal: 55, tankLaps: 40, wear: wear(0) }))).toMatchObject({
      openLap: 15,
      closeLap: 29,
      stopsToGo: 1,
    });
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
    expect(pitWindow(situation({ lapsTotal: 28, wear: wear(300) }))).toMatchObject({ stopsToGo: 1 });
  });

  it('says now when the tank is as good as dry', () => {
    const dry = situation({ fuelLapsLeft: { low: 0, mean: 0.2, high: 0.5 } });
    expect(pitWindow(dry)).toMatchObject({ openLap: 11, closeLap: 11, bestLap: 11 });
  });
});

import { describe, expect, it } from 'vitest';
import { race } from '#simulator/scenarios/race.js';
import { createTrack } from '#simulator/world/track.js';

const track = createTrack(race.track);
const METRES_PER_DEGREE = 111_195;

describe('the track', () => {
  it('is about 1.4 km long and turns once round', () => {
    expect(track.lengthM).toBeGreaterThan(1350);
    expect(track.lengthM).toBeLessThan(1450);
    expect(track.curvature.reduce((sum, value) => sum + value, 0)).toBeCloseTo(2 * Math.PI, 1);
  });

  it('closes: every two neighbouring metres are a metre apart, the last and the first too', () => {
    const eastPerDegree = METRES_PER_DEGREE * Math.cos((race.track.latitudeDeg * Math.PI) / 180);
    for (let at = 0; at < track.lengthM; at++) {
      const next = (at + 1) % track.lengthM;
      const north = (track.latitudeDeg[next] - track.latitudeDeg[at]) * METRES_PER_DEGREE;
      const east = (track.longitudeDeg[next] - track.longitudeDeg[at]) * eastPerDegree;
      expect(Math.hypot(north, east)).toBeGreaterThan(0.9);
      expect(Math.hypot(north, east)).toBeLessThan(1.1);
    }
  });

  it('is faster on straights than in corners, and never asks for more than brakes and power give', () => {
    const slowest = Math.min(...track.speedMps);
    const fastest = Math.max(...track.speedMps);
    expect(track.cornering[track.speedMps.indexOf(slowest)]).toBeGreaterThan(0.8);
    expect(track.cornering[track.speedMps.indexOf(fastest)]).toBeLessThan(0.2);
    for (const accel of track.accelMps2) {
      expect(accel).toBeGreaterThan(-10);
      expect(accel).toBeLessThan(8);
    }
  });

  it('has decide, pit in, line, boxes and pit out in this order, with room for the largest field', () => {
    expect(track.decideM).toBeLessThan(track.pitInM);
    expect(track.pitInM).toBeLessThan(track.lengthM);
    expect(track.firstBoxM).toBeGreaterThan(0);
    expect(track.firstBoxM + 48 * track.boxSpacingM).toBeLessThan(track.pitOutM);
  });
});

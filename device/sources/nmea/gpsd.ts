import { emptyFix, type Fix } from './epoch.js';

/** What a client of gpsd sends to be told everything as JSON (gpsd_json(5), `?WATCH`). */
export const GPSD_WATCH = '?WATCH={"enable":true,"json":true}\n';

const KMH_PER_MS = 3.6;
/** `mode` of a TPV: 0 and 1 are no fix, 2 is without altitude, 3 is whole. */
const MODE_2D = 2;

/**
 * gpsd's JSON objects, one a line (gpsd_json(5), gpsd.io): TPV is a fix, SKY brings the dilution and the satellites of the
 * fixes that follow. Everything else is left out.
 */
export class GpsdReader {
  #hdop = Number.NaN;
  #satellites = Number.NaN;

  /** A fix, `other` for an object that is none, `garbage` for what is no object of gpsd. */
  read(line: string): Fix | 'garbage' | 'other' {
    const report = parseObject(line);
    if (typeof report?.class !== 'string') return 'garbage';
    if (report.class === 'SKY') {
      this.#hdop = numberOf(report.hdop);
      this.#satellites = numberOf(report.uSat);
    }
    return report.class === 'TPV' ? this.#fixOf(report) : 'other';
  }

  #fixOf(report: Record<string, unknown>): Fix {
    const fix = emptyFix();
    const mode = numberOf(report.mode);
    fix.quality = mode >= MODE_2D ? (report.status === MODE_2D ? 2 : 1) : 0;
    fix.hdop = this.#hdop;
    fix.satellites = this.#satellites;
    if (typeof report.time === 'string') fix.utcMs = Date.parse(report.time);
    if (!(mode >= MODE_2D)) return fix;
    fix.latitudeDeg = numberOf(report.lat);
    fix.longitudeDeg = numberOf(report.lon);
    fix.speedKmh = numberOf(report.speed) * KMH_PER_MS;
    fix.courseDeg = numberOf(report.track);
    // `alt` is what gpsd before 3.20 called it.
    if (mode > MODE_2D) fix.altitudeM = numberOf(report.altMSL ?? report.alt);
    return fix;
  }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}

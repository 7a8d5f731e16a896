import type { DeliveryPhase } from '#simulator/workloads/delivery.js';

export interface DelayFigures {
  p50: number;
  p99: number;
}

export interface PhaseFigures {
  name: string;
  /** Events that happened in it. */
  events: number;
  delayMs: DelayFigures;
}

/** Delays of events, by the phase in which they happened. */
export class DelayMeter {
  readonly #phases: { name: string; toMs: number; delaysMs: number[] }[];

  constructor(startMs: number, phases: readonly DeliveryPhase[]) {
    let toMs = startMs;
    this.#phases = phases.map(({ name, durationS }) => {
      toMs += 1_000 * durationS;
      return { name, toMs, delaysMs: [] };
    });
  }

  observe(eventTimeMs: number, nowMs: number): void {
    const phase = this.#phases.find(({ toMs }) => eventTimeMs < toMs) ?? this.#phases.at(-1);
    phase?.delaysMs.push(nowMs - eventTimeMs);
  }

  all(): DelayFigures {
    return percentiles(this.#phases.flatMap(({ delaysMs }) => delaysMs));
  }

  phases(): PhaseFigures[] {
    return this.#phases.map(({ name, delaysMs }) => ({
      name,
      events: delaysMs.length,
      delayMs: percentiles(delaysMs),
    }));
  }
}

function percentiles(values: readonly number[]): DelayFigures {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}

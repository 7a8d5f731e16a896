import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** A number read when somebody asks. `counter`: it only grows. */
export interface Reading {
  name: string;
  help: string;
  kind: 'counter' | 'gauge';
  read: () => number;
}

/** A Prometheus registry of these readings and of the process's own figures (CPU, memory, event-loop delay). */
export function metricsOf(readings: readonly Reading[]): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name, help, kind, read } of readings) {
    if (kind === 'gauge') {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(read());
        },
      });
    } else {
      new Counter({
        name,
        help,
        registers: [registry],
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    }
  }
  return registry;
}

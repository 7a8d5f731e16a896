import type { Log } from './wire/log.js';

export type LogLevel = 'info' | 'warn' | 'error';

/** A log that leaves out what is below its level, which may change while it is used. */
export class FilteredLog implements Log {
  level: LogLevel = 'info';
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  info(message: string, fields?: Record<string, unknown>): void {
    if (this.level === 'info') this.#log.info(message, fields);
  }

  warn(message: string, fields?: Record<string, unknown>): void {
    if (this.level !== 'error') this.#log.warn(message, fields);
  }

  error(message: string, fields?: Record<string, unknown>): void {
    this.#log.error(message, fields);
  }
}

import { pino } from 'pino';
import type { Log } from '#wire/log.js';

/** Logs go to stderr as JSON lines, `warn` and above unless PITWALL_LOG says otherwise: stdout belongs to data. */
export function createLog(part: string, level: string = process.env.PITWALL_LOG ?? 'warn'): Log {
  const logger = pino(
    { level, base: { part }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
  return {
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  };
}

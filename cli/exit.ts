import { errorCode, PitwallError } from '#wire/errors.js';

/** Exit codes of every command (docs/cli.md; one test per code). */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  config: 3,
  remote: 4,
  timeout: 5,
  threshold: 6,
  interrupted: 130,
} as const;

/** Which exit code an error ends the command with: by the area in its code, `PW-<AREA>-…`. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof PitwallError)) return EXIT.failed;
  if (error.code.endsWith('-TIMEOUT')) return EXIT.timeout;
  switch (error.code.split('-')[1]) {
    case 'USAGE':
      return EXIT.usage;
    case 'CONFIG':
    case 'DEPLOY':
    case 'CERTS':
      return EXIT.config;
    case 'REMOTE':
    case 'CLAIM':
      return EXIT.remote;
    default:
      return EXIT.failed;
  }
}

/** What, why, do, find: four lines for a person; one JSON document for a program. */
export function describeError(error: unknown, json: boolean): string {
  const ours = error instanceof PitwallError ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  if (json) {
    const body = ours
      ? { ...ours.toJSON(), fix: ours.fix ? [ours.fix] : [] }
      : { code: errorCode(error), message, cause: '', fix: [], retriable: false };
    return JSON.stringify({ ok: false, error: body });
  }
  if (!ours)
    return error instanceof Error && process.env.PITWALL_LOG === 'debug' ? String(error.stack) : `✗ ${message}`;
  const lines = [`✗ ${message}`, `  ${ours.why}`];
  if (ours.fix) lines.push(`  → ${ours.fix}`);
  lines.push(`  code ${ours.code} · docs/errors.md#${ours.code.toLowerCase()}`);
  return lines.join('\n');
}

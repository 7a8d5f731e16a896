import { readFileSync } from 'node:fs';
import { type Finding, lintPolicies } from '#certs/policy/lint.js';
import { decideRequest } from '#certs/policy/request.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import { EXIT } from '../exit.js';
import { serveJsonLines } from '../json-lines.js';

/** `pitwall policy eval`: a request a line, a decision a line. */
export async function evaluate(): Promise<void> {
  await serveJsonLines((line) => ({ ...decideRequest(line) }));
}

/** `pitwall policy lint`: exit 1 for whatever is more than a note. */
export async function lint(files: string[], flags: { together?: boolean; json?: boolean }): Promise<void> {
  const texts = files.map(read);
  const findings = flags.together ? lintPolicies(texts) : texts.flatMap((text) => lintPolicies([text]));
  const all = files.flatMap((file, index) => findings[index].map((finding) => ({ file, ...finding })));
  if (flags.json) process.stdout.write(`${JSON.stringify({ findings: all.map(flat) })}\n`);
  else for (const { file, ...finding } of all) process.stdout.write(`${describe(file, finding)}\n`);
  if (all.some(({ severity }) => severity !== 'note')) process.exitCode = EXIT.failed;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new PitwallError('PW-USAGE-ARGUMENT', {
      what: `${file} cannot be read: ${errorCode(cause)}.`,
      why: 'Policy files were wanted.',
      fix: 'Name files that hold policy documents as JSON.',
      cause,
    });
  }
}

function flat({ place, ...finding }: Finding & { file: string }): object {
  return { ...finding, ...place };
}

function describe(file: string, { rule, severity, place, what, fix }: Finding): string {
  const { path, line, column } = place;
  return `${file}:${line}:${column} ${severity} ${rule}${path ? ` at ${path}` : ''}\n  ${what}${fix ? `\n  → ${fix}` : ''}`;
}

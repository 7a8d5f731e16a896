/** The rules of the running system: their counters, what they make of messages, the outbox. */
import type { RedriveState } from '#cloud/local/rules/rules-plane.js';
import type { RuleDefinition } from '#rules/definition.js';
import type { RuleStats } from '#rules/rule.js';
import type { TapEvent } from '#rules/tap.js';
import { PitwallError } from '#wire/errors.js';
import { textOfClause } from '../clauses.js';
import { EXIT } from '../exit.js';
import { positive } from '../operator.js';
import { requireLocal } from '../remote.js';
import { type RulesApi, rulesApi } from '../rules-api.js';
import { configFor } from './config.js';

interface RunningFlags {
  json?: boolean;
  data?: string;
}

const REDRIVE_POLL_MS = 200;
const TAP_WAIT_MS = 1_000;

/** Each rule with its counters. */
export async function list(flags: RunningFlags): Promise<void> {
  const api = await apiFor(flags, 'pitwall rules list');
  const { definitions, stats } = await api.rules();
  const { rules, ...engine } = stats;
  if (flags.json) {
    const all = definitions.map((definition) => ({ ...definition, ...rules[definition.name] }));
    process.stdout.write(`${JSON.stringify({ rules: all, engine })}\n`);
    return;
  }
  const width = Math.max(...definitions.map(({ name }) => name.length));
  process.stdout.write(`${'rule'.padEnd(width)} ${HEADS.map((head) => head.padStart(COLUMN)).join('')}  p50/p99 ms\n`);
  for (const definition of definitions) process.stdout.write(`${row(definition, rules[definition.name], width)}\n`);
  const { queued, waiting, unmatched, ruleNotFound, refused } = engine;
  process.stderr.write(
    `queue ${queued}, waiting ${waiting}, messages that no rule wanted ${unmatched}, for rules that are not there ${ruleNotFound}, refused ${refused}\n`,
  );
}

const COLUMN = 10;
const HEADS = ['matched', 'filtered', 'undefined', 'sent', 'retried', 'failed', 'kept', 'lost'];

function row({ name, enabled }: RuleDefinition, stats: RuleStats, width: number): string {
  const { matched, filtered, undefined: unknown, sent, retried, failed, errorActions, errorActionsLost } = stats;
  const counts = [matched, filtered, unknown, sent, retried, failed, errorActions, errorActionsLost];
  const { p50Ms, p99Ms } = stats.latency;
  const latency = p50Ms === null ? '–' : `${p50Ms}/${p99Ms}`;
  const cells = counts.map((count) => String(count).padStart(COLUMN)).join('');
  return `${name.padEnd(width)} ${cells}  ${enabled ? latency : 'off'}`;
}

/** Replays the outbox; exit 1 when something is left in it. */
export async function redrive(flags: RunningFlags): Promise<void> {
  const api = await apiFor(flags, 'pitwall rules redrive');
  // One that runs already is followed: it replays the same outbox.
  let state = await api.redrive();
  if (!state.running) state = await api.startRedrive();
  while (state.running) {
    await new Promise((resolve) => setTimeout(resolve, REDRIVE_POLL_MS));
    state = await api.redrive();
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(state.report ?? state.error)}\n`);
  else process.stdout.write(`${describeRedrive(state)}\n`);
  const { report } = state;
  const isEmpty = report !== null && report.failed + report.ruleGone + report.damaged === 0 && !report.gaveUp;
  process.exitCode = isEmpty ? EXIT.ok : EXIT.failed;
}

function describeRedrive({ report, error }: RedriveState): string {
  if (report === null || error !== undefined) return `The outbox could not be replayed: ${error?.message}`;
  const { found, replayed, filtered, failed, ruleGone, damaged, firstFailure, gaveUp } = report;
  const parts = [`${found} found, ${replayed} replayed`];
  if (filtered > 0) parts.push(`${filtered} no longer wanted by their rule`);
  if (failed > 0) parts.push(`${failed} failed again (${firstFailure})`);
  if (ruleGone > 0) parts.push(`${ruleGone} of rules or actions that are gone`);
  if (damaged > 0) parts.push(`${damaged} damaged lines`);
  if (gaveUp) parts.push('stopped there: nothing went through');
  return parts.join(', ');
}

/** Prints what a rule makes of each message, until ^C. */
export async function tap(name: string, flags: RunningFlags & { count?: string; timeout?: string }): Promise<void> {
  const api = await apiFor(flags, 'pitwall rules tap');
  const limit = positive('--count', flags.count);
  const timeoutMs = positive('--timeout', flags.timeout) * 1000;
  let interrupted = false;
  process.once('SIGINT', () => {
    interrupted = true;
  });
  const seen = { matched: 0, filtered: 0, error: 0 };
  let count = 0;
  let quietMs = 0;
  // The first call does not wait, so that an unknown name is told of at once.
  let waitMs = 0;
  while (!interrupted && (limit === 0 || count < limit)) {
    const page = await api.tap(name, waitMs);
    if (waitMs === 0) process.stderr.write(`Watching ${name}; ^C ends.\n`);
    quietMs = page.events.length === 0 ? quietMs + waitMs : 0;
    waitMs = TAP_WAIT_MS;
    if (timeoutMs > 0 && quietMs >= timeoutMs) {
      throw new PitwallError('PW-REMOTE-TIMEOUT', { what: `No message reached ${name} for ${flags.timeout} s.` });
    }
    for (const event of page.events) {
      if (limit > 0 && count >= limit) break;
      count++;
      seen[event.verdict]++;
      process.stdout.write(`${flags.json ? JSON.stringify(event) : describeEvent(event)}\n`);
    }
    const unseen = page.skipped + page.missed;
    if (unseen > 0) process.stderr.write(`${unseen} more messages came than are shown\n`);
  }
  process.stderr.write(`${seen.matched} matched, ${seen.filtered} filtered, ${seen.error} ended with an error\n`);
  if (interrupted) process.exitCode = EXIT.interrupted;
}

function describeEvent({
  topic,
  clientId,
  payload,
  verdict,
  errorMessage,
  clauses,
  result,
  actions,
}: TapEvent): string {
  const mark = { matched: '✓', filtered: '·', error: '✗' }[verdict];
  const lines = [`${mark} ${topic} from ${clientId}  ${JSON.stringify(payload)}`];
  if (errorMessage !== undefined) lines.push(`    ended: ${errorMessage}`);
  for (const clause of clauses) lines.push(`    ${textOfClause(clause)}`);
  if (result !== undefined) lines.push(`    = ${JSON.stringify(result)}`);
  for (const { action, resource, fields, outcome, retries, errorMessage: why } of actions) {
    const rendered = Object.entries(fields).map(([field, text]) => ` ${field}=${text}`);
    const again = retries > 0 ? ` after ${retries} retries` : '';
    lines.push(`    ${action} ${resource}${rendered.join('')}: ${outcome}${again}${why ? ` (${why})` : ''}`);
  }
  return lines.join('\n');
}

function apiFor(flags: RunningFlags, command: string): Promise<RulesApi> {
  const { config } = configFor({ data: flags.data });
  requireLocal(config, command);
  return rulesApi(config);
}

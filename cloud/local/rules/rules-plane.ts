/**
 * pitwall's own HTTP API on the port of the local IoT Core, for its operator tools: it is signed for the service `pitwall`,
 * with the account's keys, as AWS's APIs there are for theirs.
 *
 *     GET  /rules                        { definitions, stats }
 *     POST /rules/{name}/tap?waitMs=     TapPage: what came since the call before; the first call starts the tap
 *     POST /rules/redrive                starts one; { report, running }
 *     GET  /rules/redrive                { report, running }
 */
import type { Outbox } from '#rules/actions/outbox.js';
import type { RuleEngine } from '#rules/engine.js';
import { type RedriveReport, redrive } from '#rules/redrive.js';
import type { RuleTap } from '#rules/tap.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { AwsError } from '../aws-error.js';
import type { HttpAnswer, HttpCall, HttpPlane } from '../iot-core/http-front.js';

const RULES_SERVICE = 'pitwall';

export interface RulesPlaneOptions {
  rules: RuleEngine;
  outbox: Outbox;
  log: Log;
}

/** How a redrive goes, or went; null when none was asked for. */
export interface RedriveState {
  running: boolean;
  report: RedriveReport | null;
  error?: { code: string; message: string };
}

/** Longest that a call for events waits, and how long a tap lives that nobody reads; wall time. */
const WAIT_MS_MAX = 5_000;
const TAP_IDLE_MS = 15_000;

interface OpenTap {
  tap: RuleTap;
  idle: NodeJS.Timeout;
}

export class RulesPlane implements HttpPlane {
  readonly signingNames = [RULES_SERVICE];
  readonly requestBytes = 1024;
  readonly #options: RulesPlaneOptions;
  readonly #taps = new Map<string, OpenTap>();
  #redrive: RedriveState = { running: false, report: null };

  constructor(options: RulesPlaneOptions) {
    this.#options = options;
  }

  async perform({ method, pathname, query }: HttpCall): Promise<HttpAnswer> {
    const { rules } = this.#options;
    const ok = (body: unknown): HttpAnswer => ({ status: 200, body });
    const call = `${method} ${pathname}`;
    if (call === 'GET /rules') return ok({ definitions: rules.definitions, stats: rules.stats() });
    if (call === 'GET /rules/redrive') return ok(this.#redrive);
    if (call === 'POST /rules/redrive') return ok(this.#startRedrive());
    const tap = /^POST \/rules\/(\w{1,128})\/tap$/.exec(call);
    if (tap) return ok(await this.#readTap(tap[1], Number(query.get('waitMs') ?? 0)));
    throw new AwsError('UnknownOperationException', `No operation is ${call}.`, 404);
  }

  async #readTap(name: string, waitMs: number) {
    const open = this.#taps.get(name);
    // A rule that was replaced has ended its tap: the next one watches the new rule.
    const { tap, idle } = open === undefined || open.tap.closed ? this.#openTap(name) : open;
    idle.refresh();
    return tap.read(Math.min(WAIT_MS_MAX, Math.max(0, waitMs)));
  }

  #openTap(name: string): OpenTap {
    try {
      const tap = this.#options.rules.tap(name);
      const idle = setTimeout(() => {
        if (this.#taps.get(name)?.tap === tap) this.#taps.delete(name);
        tap.close();
      }, TAP_IDLE_MS).unref();
      const open = { tap, idle };
      this.#taps.set(name, open);
      return open;
    } catch (error) {
      if (!(error instanceof PitwallError)) throw error;
      throw new AwsError('ResourceNotFoundException', `${error.message} ${error.fix}`, 404);
    }
  }

  #startRedrive(): RedriveState {
    if (this.#redrive.running) throw new AwsError('ConflictException', 'The outbox is being replayed already.', 409);
    const { rules, outbox, log } = this.#options;
    const state: RedriveState = { running: true, report: null };
    this.#redrive = state;
    redrive({
      outbox,
      replay: (kept) => rules.replay(kept),
      progress: (report) => {
        state.report = { ...report };
      },
    })
      .then((report) => {
        state.report = report;
        log.info('the outbox was replayed', { ...report });
      })
      .catch((error: unknown) => {
        state.error = { code: errorCode(error), message: String(error) };
        log.error('the outbox could not be replayed', state.error);
      })
      .finally(() => {
        state.running = false;
      });
    return state;
  }
}

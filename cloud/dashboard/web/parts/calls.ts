import { html, nothing, svg, type TemplateResult } from 'lit';
import type { CallCard, RaceView } from '../../view.js';
import { callLaps, leftToDecideMs, reasonsOf, sortCalls } from '../calls-order.js';
import { clock, gain } from '../format.js';
import { LightElement } from './light-element.js';

/** Where the name is kept with which decisions are signed. */
const AUTHOR_KEY = 'pitwall.author';
const DEFAULT_AUTHOR = 'pit wall';
/** Cards shown at once; the most urgent first. */
const MAX_CARDS = 3;
const MAX_PAST = 6;

const STATUS_WORDS: Record<CallCard['status'], string> = {
  proposed: 'PROPOSED',
  accepted: '✓ ACCEPTED',
  rejected: '✕ REJECTED',
  sent: '➤ SENT',
  delivered: '✓ DELIVERED',
  done: '✓ DONE',
  expired: '◷ EXPIRED',
};

type Decision = 'accepted' | 'rejected';

/** Pit calls: what to do, until when, what it gains and why; and a person's yes or no. */
export class Calls extends LightElement {
  static override properties = {
    view: { attribute: false },
    raceNowMs: { attribute: false },
    asked: { state: true },
  };
  declare view: RaceView | undefined;
  /** The race clock, carried on between two views. */
  declare raceNowMs: number;
  /** What became of a click, by call and revision: words until the engine shows the call's new status. */
  declare asked: Record<string, string>;

  constructor() {
    super();
    this.asked = {};
    this.raceNowMs = 0;
  }

  override render(): TemplateResult {
    const { open, past } = sortCalls(this.view?.calls ?? {});
    return html`
      <header>
        <h2>Pit calls</h2>
        ${open.length > MAX_CARDS ? html`<small>${open.length - MAX_CARDS} more open</small>` : nothing}
        ${callTimesWords(this.view?.callTimes)}
        <label>signed <input maxlength="40" .value=${author()} @change=${keepAuthor} aria-label="Decisions are signed with" /></label>
      </header>
      ${this.view && isOver(this.view) ? podium(this.view) : nothing}
      ${open.slice(0, MAX_CARDS).map((call) => this.#card(call))}
      ${open.length === 0 ? html`<p class="quiet">${emptyWords(this.view, past.length)}</p>` : nothing}
      ${past.length > 0 ? html`<ul class="past">${past.slice(0, MAX_PAST).map(pastLine)}</ul>` : nothing}
    `;
  }

  #card(call: CallCard): TemplateResult {
    const leftMs = leftToDecideMs(call, this.raceNowMs, this.view?.speed ?? 1);
    return html`
      <article class="call call-${call.status}" data-call=${call.callId}>
        <div class="call-head">
          <b class="number">${call.number}</b>
          <b class="verb">${call.action === 'pit' ? 'PIT' : 'CANCEL'} ${callLaps(call)}</b>
          <span class="status">${STATUS_WORDS[call.status]}</span>
          <span class="spring"></span>
          <span class="left ${leftMs < 10_000 ? 'urgent' : ''}">${leftMs > 0 ? `${clock(leftMs)} left` : 'expired'}</span>
        </div>
        <p class="call-text">${call.text}</p>
        ${call.status === 'proposed' ? html`${reasons(call)}${this.#buttons(call, leftMs)}` : nothing}
        ${call.decidedBy ? html`<small class="decided">decided by ${call.decidedBy}</small>` : nothing}
      </article>
    `;
  }

  #buttons(call: CallCard, leftMs: number): TemplateResult {
    const asked = this.asked[keyOf(call)];
    const closed = asked === SENDING || leftMs === 0;
    return html`<div class="call-buttons">
      <button class="accept" ?disabled=${closed} @click=${() => this.#decide(call, 'accepted')}>✓ Accept</button>
      <button class="reject" ?disabled=${closed} @click=${() => this.#decide(call, 'rejected')}>✕ Reject</button>
      <span class="asked" role="status">${asked}</span>
    </div>`;
  }

  async #decide(call: CallCard, decision: Decision): Promise<void> {
    this.#say(call, SENDING);
    this.#say(call, await sendDecision(call, decision));
  }

  #say(call: CallCard, words: string): void {
    this.asked = { ...this.asked, [keyOf(call)]: words };
  }
}

const SENDING = 'sending…';

async function sendDecision(call: CallCard, decision: Decision): Promise<string> {
  const path = new URL(`api/calls/${encodeURIComponent(call.callId)}/decision`, document.baseURI);
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ revision: call.revision, decision, author: author() }),
    });
    if (response.ok) return `${decision}: handed to the race engine`;
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    return `not taken: ${error.message} (${error.code})`;
  } catch {
    return 'not taken: the screen server does not answer';
  }
}

/** How calls have gone so far: whether people and cars answer in time to stop when it pays. */
function callTimesWords(times: RaceView['callTimes']): TemplateResult | typeof nothing {
  if (!times) return nothing;
  const { called, acknowledged, done, acknowledgedAfterMs, doneAfterMs } = times;
  const answered = acknowledgedAfterMs === undefined ? '' : ` after ${clock(acknowledgedAfterMs)}`;
  const stopped = doneAfterMs === undefined ? '' : ` after ${clock(doneAfterMs)}`;
  return html`<small data-test="call-times">${called} called · ${acknowledged} acknowledged${answered} · ${done} done${stopped}</small>`;
}

/** While it waits for a person, a call says why; afterwards it makes room. */
function reasons(call: CallCard): TemplateResult {
  return html`<div class="call-body">
      <ol>
        ${reasonsOf(call).map((reason) => html`<li>${reason}</li>`)}
      </ol>
      <div class="call-gain">
        <small>expected gain</small><b>${gain(call.expectedGainMs)}</b>${gainBar(call)}
        <small>8 in 10: ${gain(call.gainLowMs)} to ${gain(call.gainHighMs)}</small>
      </div>
    </div>`;
}

function keyOf(call: CallCard): string {
  return `${call.callId}#${call.revision}`;
}

function author(): string {
  return localStorage.getItem(AUTHOR_KEY) ?? DEFAULT_AUTHOR;
}

function keepAuthor(event: Event): void {
  const input = event.target as HTMLInputElement;
  localStorage.setItem(AUTHOR_KEY, input.value.trim() || DEFAULT_AUTHOR);
  input.value = author();
  input.blur();
}

function isOver(view: RaceView): boolean {
  return view.phase === 'finished' || view.phase === 'closed';
}

function emptyWords(view: RaceView | undefined, past: number): string {
  if (!view) return 'No race yet.';
  if (isOver(view)) return 'The race is over; no call is open.';
  if (past > 0) return 'No call is open.';
  if (!Object.values(view.rows).some((row) => row.own))
    return 'None of the cars is our own: calls are made for own cars only.';
  return 'No call yet. One appears here as soon as a stop of an own car pays, with its reasons.';
}

function pastLine(call: CallCard): TemplateResult {
  return html`<li class="call-${call.status}">
    <span class="status">${STATUS_WORDS[call.status]}</span> <b>#${call.number}</b> ${callLaps(call)}: ${call.text}
    ${call.decidedBy ? html`<small>${call.decidedBy}</small>` : nothing}
  </li>`;
}

/** Interval and mean on a line with a mark at zero. */
function gainBar({ gainLowMs, expectedGainMs, gainHighMs }: CallCard): TemplateResult {
  // A rare, dear outcome can put the mean outside the interval.
  const from = Math.min(0, gainLowMs, expectedGainMs);
  const span = Math.max(1, Math.max(0, gainHighMs, expectedGainMs) - from);
  const x = (ms: number) => (4 + (132 * (ms - from)) / span).toFixed(1);
  return html`<svg class="gain-bar" viewBox="0 0 140 14" width="140" height="14" aria-hidden="true">
    ${svg`<path d="M4 7H136" class="axis"/><path d="M${x(0)} 1V13" class="zero"/>
    <path d="M${x(gainLowMs)} 7H${x(gainHighMs)}" class="range"/><circle cx=${x(expectedGainMs)} cy="7" r="4" class="mean"/>`}
  </svg>`;
}

function podium(view: RaceView): TemplateResult {
  const first = Object.values(view.rows)
    .sort((left, right) => left.order - right.order)
    .slice(0, 3);
  return html`<div class="podium" data-test="race-over">
    <b>▦ RACE OVER</b>
    <ol>
      ${first.map((row) => html`<li><b>P${row.order}</b> #${row.number} ${row.driver} <small>${row.team}</small></li>`)}
    </ol>
  </div>`;
}

customElements.define('pw-calls', Calls);

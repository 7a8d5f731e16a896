import { html, nothing, type TemplateResult } from 'lit';
import type { CarRow, RaceView } from '../../view.js';
import { agentWords } from '../agent-words.js';
import { ABSENT, age, band, channelName, gap, lapsDown, lapTime, placeAtFlag, unitSign } from '../format.js';
import { PANELS, type Panel } from '../panel.js';
import { pitWindowCell } from '../pit-window.js';
import { SampleRing } from '../sample-ring.js';
import { isTelemetryStale, stateCell } from '../tower-rows.js';
import { LightElement } from './light-element.js';
import { StripChart } from './strip-chart.js';

const STRIPS = 4;
/** Where the choice of channels is kept. */
const CHANNELS_KEY = 'pitwall.channels';

/** The selected car: its figures, and four strip charts with one cursor. */
export class Car extends LightElement {
  static override properties = {
    view: { attribute: false },
    selected: { attribute: false },
    panel: { attribute: false },
    channels: { state: true },
  };
  declare view: RaceView | undefined;
  declare selected: string | undefined;
  declare panel: Panel;
  /** What the car sends, and what may be chosen. */
  declare channels: string[];
  readonly ring = new SampleRing();
  #charts: StripChart[] = [];
  #resizing: ResizeObserver | undefined;

  constructor() {
    super();
    this.panel = 'telemetry';
    this.channels = [];
  }

  /** Another car's points follow: the old ones say nothing about it. */
  clear(): void {
    this.ring.clear();
    this.channels = [];
    this.draw();
  }

  /** Draws the strips; at most once a display frame. */
  draw(): void {
    const { channels } = this.ring;
    if (channels.length !== this.channels.length) {
      this.channels = channels;
      this.#choose();
    }
    for (const chart of this.#charts) chart.draw();
    this.#writeReadings();
  }

  override render(): TemplateResult {
    const row = this.selected === undefined ? undefined : this.view?.rows[this.selected];
    const speed = this.view?.speed ?? 1;
    return html`
      <header>${row ? figures(row, speed) : html`<h2>Car</h2>`}${this.#tabs()}</header>
      <p class="quiet strips-empty" ?hidden=${this.channels.length > 0 || this.panel !== 'telemetry'} data-test="strips-empty">${emptyWords(row)}</p>
      <div class="strips ${isStale(row, speed) ? 'stale' : ''} ${this.channels.length === 0 ? 'none' : ''}">
        ${Array.from({ length: STRIPS }, (_, index) => this.#strip(index))}
      </div>
    `;
  }

  protected override firstUpdated(): void {
    const hosts = [...this.querySelectorAll<HTMLElement>('.plot')];
    this.#charts = hosts.map(
      (host, index) =>
        new StripChart(host, this.ring, { timeAxis: index === STRIPS - 1, onCursor: () => this.#writeReadings() }),
    );
    this.#resizing = new ResizeObserver(() => {
      hosts.forEach((host, index) => {
        this.#charts[index].resize(host.clientWidth, host.clientHeight);
      });
    });
    for (const host of hosts) this.#resizing.observe(host);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resizing?.disconnect();
    for (const chart of this.#charts) chart.destroy();
    this.#charts = [];
  }

  #tabs(): TemplateResult {
    return html`<nav role="tablist">${PANELS.map(
      ({ panel, text }) =>
        html`<button role="tab" aria-selected=${panel === this.panel} data-test="tab-${panel}" title="s" @click=${() => this.#open(panel)}>${text}</button>`,
    )}</nav>`;
  }

  #open(panel: Panel): void {
    this.dispatchEvent(new CustomEvent<Panel>('open-panel', { bubbles: true, detail: panel }));
  }

  #strip(index: number): TemplateResult {
    const channel = this.#charts[index]?.channel;
    return html`<section class="strip">
      <div class="strip-head">
        <select aria-label="Channel of strip ${index + 1}" ?hidden=${this.channels.length === 0} @change=${(event: Event) => this.#change(index, event)}>
          ${this.channels.map((name) => html`<option value=${name} ?selected=${name === channel}>${channelName(name)}</option>`)}
        </select>
        <b class="reading"></b>
        <small>${channel === undefined ? nothing : unitSign(this.ring.unit(channel))}</small>
      </div>
      <div class="plot"></div>
    </section>`;
  }

  /** The channels last chosen where the car has them, else its first ones. */
  #choose(): void {
    const wanted = (localStorage.getItem(CHANNELS_KEY) ?? '').split(',');
    const kept = wanted.map((name) => (this.channels.includes(name) ? name : undefined));
    const free = this.channels.filter((name) => !kept.includes(name));
    this.#charts.forEach((chart, index) => {
      chart.channel = kept[index] ?? free.shift();
    });
    this.requestUpdate();
  }

  #change(index: number, event: Event): void {
    const select = event.target as HTMLSelectElement;
    this.#charts[index].channel = select.value;
    localStorage.setItem(CHANNELS_KEY, this.#charts.map((chart) => chart.channel ?? '').join());
    select.blur();
    this.draw();
    this.requestUpdate();
  }

  /** Written past the template: at 10 Hz and on every cursor move, this is all that changes. */
  #writeReadings(): void {
    const outputs = this.querySelectorAll<HTMLElement>('.reading');
    this.#charts.forEach((chart, index) => {
      const { value, atCursor } = chart.reading();
      outputs[index].textContent = value;
      outputs[index].classList.toggle('at-cursor', atCursor);
    });
  }
}

function isStale(row: CarRow | undefined, speed: number): boolean {
  return row !== undefined && ((row.link ?? 'up') !== 'up' || isTelemetryStale(row, speed));
}

function figures(row: CarRow, speed: number): TemplateResult {
  const state = stateCell(row, speed);
  const behind = row.lapsDown ? lapsDown(row.lapsDown) : row.order === 1 ? 'leader' : gap(row.gapMs);
  const falloff = row.falloffMsPerLap;
  const title = html`
    <h2 data-test="car-title"><span class="number">${row.number}</span>${row.driver} <small>${row.team}</small></h2>
    <span class="car-state s-${state.kind}" title="${state.title}${agentWords(row.agent)}">${state.kind === 'fine' ? '● fresh' : state.text}</span>`;
  if (row.status === 'unlisted') return title;
  return html`
    ${title}
    <dl>
      ${figure('position', `P${row.order}`)} ${figure('gap', behind)} ${figure('last', lapTime(row.lastLapMs))}
      ${figure('best', lapTime(row.bestLapMs))} ${figure('fuel laps', band(row.fuelLapsLeft))}
      ${figure('window', pitWindowCell(row).text)} ${figure('rejoin', row.rejoin ? `P${row.rejoin.position}` : ABSENT)}
      ${figure('tyre', `${row.tyreAge} laps`)}
      ${figure('fall-off', falloff === undefined ? ABSENT : `${(falloff / 1_000).toFixed(3)} s/lap`)}
      ${row.odds ? figure('finish', placeAtFlag(row.odds)) : nothing}
      ${figure('telemetry', age(row.telemetryAgeMs))}
    </dl>
  `;
}

function figure(name: string, value: string): TemplateResult {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function emptyWords(row: CarRow | undefined): string {
  if (!row) return 'Select a car in the tower: click it, or j and k.';
  if (row.thing === undefined) return `#${row.number} carries none of our agents: there is timing, but no telemetry.`;
  if (row.link === 'down')
    return `The uplink of ${row.thing} is down. Its data is kept in the car and comes when it is up.`;
  if (row.link === 'silent') return `${row.thing} has not been heard for ${age(row.silentMs)}.`;
  if (row.status === 'finished' || row.status === 'retired')
    return `${row.thing} sends no more: strips show what comes while the page is open.`;
  return `No sample of ${row.thing} has come yet.`;
}

customElements.define('pw-car', Car);

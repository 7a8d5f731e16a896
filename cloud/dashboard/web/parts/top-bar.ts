import { html, nothing, type TemplateResult } from 'lit';
import type { LapSource, RaceView } from '../../view.js';
import { age, clock, speed } from '../format.js';
import type { Mode } from '../mode.js';
import { flagSign } from './flag.js';
import { LightElement } from './light-element.js';

/** Age (wall ms) from which the figure is marked. */
const OLD_MS = 2_000;

/** Event, flag, lap, clock; and whether what is shown is the present. */
export class TopBar extends LightElement {
  static override properties = {
    view: { attribute: false },
    mode: { attribute: false },
    dataAgeMs: { attribute: false },
    paused: { attribute: false },
  };
  declare view: RaceView | undefined;
  declare mode: Mode | undefined;
  declare dataAgeMs: number | undefined;
  declare paused: boolean;

  override render(): TemplateResult {
    const { view, mode } = this;
    return html`
      <h1>PITWALL</h1>
      ${view ? raceParts(view) : nothing}
      <span class="spring"></span>
      ${this.paused ? html`<span class="chip chip-paused" data-test="paused">❚❚ PAUSED <kbd>space</kbd></span>` : nothing}
      ${view?.lapSource ? lapSourceChip(view.lapSource) : nothing}
      ${mode ? html`<span class="reason" title=${mode.reason}>${mode.reason}</span>` : nothing}
      ${mode ? html`<span class="chip chip-${mode.kind}" data-test="mode" role="status">${mode.word}</span>` : nothing}
      ${view ? this.#figures(view) : nothing}
      <button class="help-button" title="Keys and signs (?)" @click=${this.#help}>?</button>
    `;
  }

  #figures(view: RaceView): TemplateResult {
    const old = view.phase === 'running' && (this.dataAgeMs ?? 0) > OLD_MS;
    return html`
      <span class="figure ${old ? 'old' : ''}" title="Wall time since the newest fact shown"
        ><small>data age</small><b data-test="data-age">${old ? '◷ ' : ''}${age(this.dataAgeMs)}</b></span
      >
      ${view.lapSource ? lapSourceFigure(view.lapSource) : nothing}
      <span class="figure" title="Race time per wall time, as reached"><small>speed</small><b>${speed(view.speed)}</b></span>
    `;
  }

  #help = (): void => {
    this.dispatchEvent(new CustomEvent('help', { bubbles: true }));
  };
}

function lapSourceFigure({ ageMs, compared, disagreed, worstMs }: LapSource): TemplateResult {
  const title = `Race time since official timing spoke. Laps by timing and car: ${compared} compared, ${disagreed} differ by more than 0.5 s, at most ${(worstMs / 1_000).toFixed(2)} s`;
  return html`<span class="figure" title=${title}><small>timing</small><b data-test="timing-age">${age(ageMs)}</b></span>`;
}

/** Only when laps are not what they should rest on. */
function lapSourceChip({ source, ageMs, disagreed, compared }: LapSource): TemplateResult | typeof nothing {
  if (source === 'timing') return nothing;
  const title = `Own cars carry on from their own laps (~), others stand still. The flag is the last one told: show it by hand with pitwall fact flag. ${disagreed} of ${compared} laps that both told differ.`;
  return html`<span class="chip chip-silent" data-test="timing-silent" role="status" title=${title}>TIMING SILENT ${age(ageMs)}</span>`;
}

function raceParts(view: RaceView): TemplateResult {
  return html`
    <span class="event"><b>${view.name}</b><small>${view.track}</small></span>
    ${flagSign(view.flag)}${view.flagBy === undefined ? nothing : html`<small class="flag-by" data-test="flag-by">by ${view.flagBy}</small>`}
    <span class="figure lap"
      ><small>lap</small><b data-test="lap">${view.lap}${lapsOf(view)}</b
      >${view.lapsTotal === undefined ? nothing : html`<progress max=${view.lapsTotal} .value=${view.lap} aria-label="Laps done"></progress>`}</span
    >
    ${view.timeLeftMs === undefined ? nothing : html`<span class="figure"><small>to go</small><b data-test="time-left">${clock(view.timeLeftMs)}</b></span>`}
    ${view.stage ? stageFigure(view.stage) : nothing}
    <span class="figure"><small>race clock</small><b>${clock(view.elapsedMs)}</b></span>
    <span class="figure"><small>cautions</small><b>${view.cautions}</b></span>
  `;
}

function lapsOf({ lapsTotal, lapsEstimated }: RaceView): TemplateResult | typeof nothing {
  if (lapsTotal === undefined) return nothing;
  return lapsEstimated ? html`<i title="As the leader has gone so far">/≈${lapsTotal}</i>` : html`<i>/${lapsTotal}</i>`;
}

function stageFigure({ stage, of, endLap, lapsToEnd }: NonNullable<RaceView['stage']>): TemplateResult {
  return html`<span class="figure" title=${`Stage ${stage} of ${of} ends on lap ${endLap}`}
    ><small>stage ${stage}/${of} ends in</small><b data-test="stage">${lapsToEnd}</b></span
  >`;
}

customElements.define('pw-top-bar', TopBar);

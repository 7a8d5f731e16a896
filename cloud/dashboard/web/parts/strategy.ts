import { html, nothing, type TemplateResult } from 'lit';
import type { Known, OwnShown, Shown, StrategyShown } from '../../strategy-shown.js';
import type { RaceView } from '../../view.js';
import {
  cautionLines,
  dataLines,
  fuelLines,
  type Line,
  type NumberOf,
  paceLines,
  pitRoadLines,
  raceLines,
  tyreSetLines,
  windowLines,
} from '../strategy/lines.js';
import {
  falloffCurve,
  falloffTable,
  pitNowTable,
  stayOrPitTable,
  type Table,
  windowCurve,
} from '../strategy/tables.js';
import { knownWords } from '../strategy/words.js';
import { curve } from './curve.js';
import { LightElement } from './light-element.js';

/** What strategy answers about one of our own cars: every group with what it rests on. */
export class Strategy extends LightElement {
  static override properties = {
    view: { attribute: false },
    selected: { attribute: false },
  };
  declare view: RaceView | undefined;
  declare selected: string | undefined;

  override render(): TemplateResult {
    const { view } = this;
    const own = this.selected === undefined ? undefined : view?.strategy?.own[this.selected];
    if (view?.strategy === undefined || own === undefined)
      return html`<p class="quiet" data-test="no-answers">${this.#why()}</p>`;
    return groups(view, view.strategy, own);
  }

  #why(): string {
    const { view, selected } = this;
    if (view === undefined || view.phase === 'open') return 'Strategy is asked from the green flag on.';
    if (view.phase !== 'running') return 'The race is over: strategy is not asked any more.';
    const row = selected === undefined ? undefined : view.rows[selected];
    if (row !== undefined && !row.own) return `#${row.number} is not ours: what is known of it stands in the tower.`;
    return 'No answer yet: the first comes with the first lap.';
  }
}

function groups(view: RaceView, strategy: StrategyShown, own: OwnShown): TemplateResult {
  const numberOf: NumberOf = (entry) => view.rows[entry]?.number ?? entry;
  const now = view.raceTimeMs;
  const { entry, forecast } = own;
  const pitNow = pitNowTable(own, numberOf);
  const stayOrPit = stayOrPitTable(own);
  const age = view.rows[entry]?.tyreAge;
  const toGo = windowCurve(own);
  return html`
    ${
      pitNow &&
      own.pitNow &&
      html`<section class="wide" data-test="pit-now">
        ${head('Pit now', own.pitNow.known, now)}${table(pitNow)}
      </section>`
    }
    <section class="wide" data-test="stay-or-pit">
      ${head('Stay out or pit', forecast?.known, now)}
      ${
        stayOrPit === null
          ? html`<p class="quiet">No race has been simulated yet.</p>`
          : html`${table(stayOrPit.table)}<p class="quiet">${stayOrPit.gain} ${forecast ? drawn(view) : nothing}</p>`
      }
    </section>
    ${own.fuel && section('Fuel', own.fuel.known, now, fuelLines(own.fuel))}
    ${
      own.window &&
      section(
        'Pit window',
        own.window.known,
        now,
        windowLines(own.window, view.rows[entry]?.laps ?? view.lap),
        html`
        ${curve({ points: toGo.points, label: `Time won by lap of the stop, against ${toGo.against}`, mark: { x: own.window.bestLap, text: '★' } })}
        ${toGo.points.length < 2 ? nothing : html`<small>s won by lap of the stop, against ${toGo.against}</small>`}`,
      )
    }
    ${
      own.falloff &&
      html`<section class="wide falloff" data-test="falloff">
        ${head('Fall-off', own.falloff.known, now)}
        ${curve({ points: falloffCurve(own.falloff), label: 'Seconds slower than on new tyres, by laps on them', ...(age === undefined ? {} : { mark: { x: age, text: '▲' } }) })}
        ${table(falloffTable(own.falloff, numberOf))}
      </section>`
    }
    ${own.pace && section('Pace', own.pace.known, now, paceLines(own.pace, numberOf))}
    ${section('Cautions', strategy.cautions.known, now, cautionLines(strategy.cautions, entry, forecast))}
    ${section('Pit road', strategy.pitRoad.known, now, pitRoadLines(strategy.pitRoad, entry))}
    ${section('Tyres and car', own.tyreSets.known, now, tyreSetLines(own.tyreSets))}
    ${section('Race', strategy.race.known, now, raceLines(strategy.race, numberOf))}
    ${section('Data', strategy.dataHealth.known, now, dataLines(strategy.dataHealth, entry))}
  `;
}

function drawn({ forecast }: RaceView): string {
  return forecast === undefined ? '' : `${forecast.runs} races simulated from lap ${forecast.lap}.`;
}

function section(
  title: string,
  known: Shown<Known>,
  nowMs: number,
  lines: readonly Line[],
  more: TemplateResult | typeof nothing = nothing,
): TemplateResult {
  return html`<section>${head(title, known, nowMs)}<dl>${lines.map(lineOf)}</dl>${more}</section>`;
}

function head(title: string, known: Shown<Known> | undefined, nowMs: number): TemplateResult {
  if (known === undefined) return html`<h3>${title}</h3>`;
  const words = knownWords(known, nowMs);
  return html`<h3>${title}<small class="known k-${words.level}" title=${words.title}>${words.text} <i>${words.sign}</i></small></h3>`;
}

function lineOf({ label, value, title, mark }: Line): TemplateResult {
  return html`<dt title=${title ?? nothing}>${label}</dt><dd class=${mark === undefined ? nothing : `l-${mark}`}>${mark === undefined ? nothing : '! '}${value}</dd>`;
}

function table({ head: columns, rows }: Table): TemplateResult {
  return html`<table>
    <thead><tr>${columns.map(({ text, title }) => html`<th title=${title ?? nothing}>${text}</th>`)}</tr></thead>
    <tbody>${rows.map((cells) => html`<tr>${cells.map(({ text, title, best }) => html`<td class=${best ? 'best' : nothing} title=${title ?? nothing}>${text}${best ? ' ★' : ''}</td>`)}</tr>`)}</tbody>
  </table>`;
}

customElements.define('pw-strategy', Strategy);

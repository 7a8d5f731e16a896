import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { RaceView } from '../../view.js';
import { type TowerRow, towerRows } from '../tower-rows.js';
import { fuelBar } from './fuel-bar.js';
import { LightElement } from './light-element.js';

const COLUMNS: [name: string, title: string, className: string][] = [
  ['P', 'Position', 'c-pos'],
  ['No', 'Number', 'c-no'],
  ['Driver', 'Driver; the team on hover', 'c-driver'],
  ['Gap', 'To the leader', 'c-gap'],
  ['Int', 'To the car ahead', 'c-int'],
  ['Last', 'Last lap. ◆ best of the race, ▲ best of this car, ~ told by the car only', 'c-last'],
  ['Best', 'Best lap of the car', 'c-best'],
  ['Stint', 'Laps since the last stop', 'c-stint'],
  ['Tyre', 'Laps on the present tyres', 'c-tyre'],
  ['Stops', 'Stops made', 'c-stops'],
  ['Fuel laps', 'Laps that the fuel lasts, with half the width of the 80 % band', 'c-fuel'],
  ['Pit window', 'Completed laps on which a stop fits; ★ the best', 'c-window'],
  ['Rejoin', 'Place after a stop now', 'c-rejoin'],
  ['State', 'Alarm, pit lane, uplink, age of the telemetry', 'c-state'],
];

const MARKS: Record<TowerRow['lastLapMark'], string> = { overall: '◆', personal: '▲', car: '~', '': '' };

/** The timing tower: every car, in running order, one line each. */
export class Tower extends LightElement {
  static override properties = {
    view: { attribute: false },
    selected: { attribute: false },
    emptyReason: { attribute: false },
  };
  declare view: RaceView | undefined;
  declare selected: string | undefined;
  /** Why there is nothing yet, in words. */
  declare emptyReason: string;

  override render(): TemplateResult {
    const { view } = this;
    if (!view || Object.keys(view.rows).length === 0) {
      const reason = view ? 'The session is open, but its roster names no car.' : this.emptyReason;
      return html`<div class="empty"><h2>Nothing to show yet</h2><p data-test="empty">${reason}</p></div>`;
    }
    const over = view.phase === 'finished' || view.phase === 'closed';
    return html`
      <table class=${over ? 'final' : ''}>
        <thead>
          <tr>
            ${COLUMNS.map(([name, title, className]) => html`<th class=${className} title=${title} scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody @click=${this.#click}>
          ${repeat(
            towerRows(view),
            (row) => row.entry,
            (row) => this.#row(row),
          )}
        </tbody>
      </table>
      <p class="signs">
        <span><span class="m-overall">◆</span> best of the race</span><span><span class="m-personal">▲</span> best of the car</span>
        <span><span class="w-open">★</span> best lap to stop</span><span>±: half of the 80 % band</span><span class="spring"></span>
        <span><kbd>j</kbd> <kbd>k</kbd> select</span><span><kbd>space</kbd> hold</span><span><kbd>?</kbd> help</span>
      </p>
    `;
  }

  #row(row: TowerRow): TemplateResult {
    const selected = row.entry === this.selected;
    return html`<tr
      class="${row.own ? 'own ' : ''}${selected ? 'selected ' : ''}${row.off ? 'off ' : ''}s-${row.state.kind}"
      data-entry=${row.entry}
      aria-selected=${selected}
    >
      <td class="c-pos">${row.position}</td>
      <td class="c-no"><span>${row.number}</span></td>
      <td class="c-driver" title="${row.driver}, ${row.team}">${row.driver}</td>
      <td class="c-gap">${row.gap}</td>
      <td class="c-int">${row.interval}</td>
      <td class="c-last m-${row.lastLapMark}"><i>${MARKS[row.lastLapMark]}</i>${row.lastLap}</td>
      <td class="c-best ${row.bestIsOverall ? 'm-overall' : ''}">${row.bestLap}</td>
      <td class="c-stint">${row.lapsSinceStop}</td>
      <td class="c-tyre">${row.tyreAge}</td>
      <td class="c-stops">${row.stops}</td>
      <td class="c-fuel ${row.fuelIsLow ? 'low' : ''}" ${fuelBar(row.fuelLow, row.fuelHigh)}>${row.fuelIsLow ? '! ' : nothing}${row.fuel}</td>
      <td class="c-window w-${row.windowState}">${row.window}</td>
      <td class="c-rejoin">${row.rejoin}</td>
      <td class="c-state" title=${row.state.title}>${row.state.text}</td>
    </tr>`;
  }

  #click = (event: MouseEvent): void => {
    const entry = (event.target as Element).closest('tr')?.dataset.entry;
    if (entry !== undefined) this.dispatchEvent(new CustomEvent('select-entry', { detail: entry, bubbles: true }));
  };
}

customElements.define('pw-tower', Tower);

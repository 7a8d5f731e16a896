import { html, type TemplateResult } from 'lit';
import type { RaceView } from '../../view.js';
import { LightElement } from './light-element.js';

/** What happened, newest first. */
export class RaceLog extends LightElement {
  static override properties = { view: { attribute: false } };
  declare view: RaceView | undefined;

  override render(): TemplateResult {
    const lines = Object.entries(this.view?.log ?? {})
      .sort(([left], [right]) => right.localeCompare(left, 'en', { numeric: true }))
      .map(([, line]) => line);
    return html`
      <header><h2>Log</h2></header>
      ${lines.length === 0 ? html`<p class="quiet">Nothing has happened yet: flags, stops and calls are listed here.</p>` : ''}
      <ul>
        ${lines.map((line) => html`<li><small>L${line.lap}</small>${line.text}</li>`)}
      </ul>
    `;
  }
}

customElements.define('pw-log', RaceLog);

import { html, type TemplateResult } from 'lit';
import { LightElement } from './light-element.js';

const KEYS: [string, string][] = [
  ['j  ↓', 'next car'],
  ['k  ↑', 'previous car'],
  ['h', 'our own car'],
  ['s', 'strategy of the selected car, or its telemetry'],
  ['space', 'hold the tower and the charts still; calls and top bar go on'],
  ['?', 'this page'],
  ['Esc', 'close it'],
];

const SIGNS: [string, string, string][] = [
  ['◆', 'm-overall', 'best lap of the race'],
  ['▲', 'm-personal', 'best lap of the car'],
  ['~', '', 'lap that only the car told: timing is silent'],
  ['PIT', 's-pit', 'in the pit lane'],
  ['OPEN  ★', 'w-open', 'pit window open; ★ its best lap'],
  ['LAST LAP', 'w-last', 'last lap on which a stop fits'],
  ['!', 's-alarm', 'alarm, or fuel for less than two laps'],
  ['● ◐ ○', '', 'how sure an answer is; point at it for why'],
  ['◷', 's-stale', 'old: nothing newer has come'],
  ['✕', 's-link', 'the car’s uplink is down, or its agent not heard for so long; its data comes later'],
];

/** Keys and signs. */
export class Help extends LightElement {
  override render(): TemplateResult {
    return html`<dialog aria-label="Keys and signs">
      <h2>Keys</h2>
      <dl>${KEYS.map(([key, meaning]) => html`<dt><kbd>${key}</kbd></dt><dd>${meaning}</dd>`)}</dl>
      <h2>Signs</h2>
      <dl>${SIGNS.map(([sign, className, meaning]) => html`<dt class=${className}>${sign}</dt><dd>${meaning}</dd>`)}</dl>
      <form method="dialog"><button>Close</button></form>
    </dialog>`;
  }

  toggle(): void {
    const dialog = this.querySelector('dialog');
    if (dialog?.open) dialog.close();
    else dialog?.showModal();
  }
}

customElements.define('pw-help', Help);

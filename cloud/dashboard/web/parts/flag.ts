import { html, svg, type TemplateResult } from 'lit';
import type { RaceView } from '../../view.js';

type Flag = RaceView['flag'];

const WORDS: Record<Flag, string> = {
  none: 'NO FLAG',
  green: 'GREEN',
  virtual: 'VIRTUAL CAUTION',
  yellow: 'CAUTION',
  red: 'RED',
  white: 'LAST LAP',
  checkered: 'CHECKERED',
};

/** Each flag has a shape of its own: who cannot tell the colours can tell these. */
const SHAPES: Record<Flag, TemplateResult> = {
  none: svg`<path d="M3 8h10" stroke="currentColor" stroke-width="2"/>`,
  green: svg`<circle cx="8" cy="8" r="6" fill="currentColor"/>`,
  virtual: svg`<path d="M8 2.5 14 13.5H2z" fill="none" stroke="currentColor" stroke-width="2"/>`,
  yellow: svg`<path d="M8 1.5 15 14H1z" fill="currentColor"/>`,
  red: svg`<path d="M2 2h12v12H2z" fill="currentColor"/>`,
  white: svg`<path d="M8 1 15 8 8 15 1 8z" fill="none" stroke="currentColor" stroke-width="2"/>`,
  checkered: svg`<path d="M1 1h5v5H1zM11 1h4v5h-4zM6 6h5v5H6zM1 11h5v4H1zM11 11h4v4h-4z" fill="currentColor"/>`,
};

/** Word, colour and shape. */
export function flagSign(flag: Flag): TemplateResult {
  return html`<span class="flag flag-${flag}" data-test="flag"
    ><svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">${SHAPES[flag]}</svg>${WORDS[flag]}</span
  >`;
}

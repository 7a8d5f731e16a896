import { nothing } from 'lit';
import { Directive, directive, type ElementPart } from 'lit/directive.js';

/**
 * Sets the two ends of an element's fuel bar as CSS variables. Lit's own styleMap writes a style attribute first, which
 * the page's security policy refuses; the element's style object may be written.
 */
class FuelBar extends Directive {
  #low = -1;
  #high = -1;

  render(_lowPercent: number, _highPercent: number): typeof nothing {
    return nothing;
  }

  override update(part: ElementPart, [low, high]: [low: number, high: number]): typeof nothing {
    if (low === this.#low && high === this.#high) return nothing;
    this.#low = low;
    this.#high = high;
    const { style } = part.element as HTMLElement;
    style.setProperty('--low', `${low}%`);
    style.setProperty('--high', `${high}%`);
    return nothing;
  }
}

/** `<td ${fuelBar(30, 45)}>`: percent of the fullest tank that is there for sure, and that may be there. */
export const fuelBar = directive(FuelBar);

import { LitElement } from 'lit';

/** Parts draw into the page itself, not into shadow trees: one small stylesheet serves them all. */
export class LightElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}

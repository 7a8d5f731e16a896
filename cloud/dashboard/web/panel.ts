/** What is shown of the selected car below its figures. */
export type Panel = 'telemetry' | 'strategy';

export const PANELS: readonly { panel: Panel; text: string }[] = [
  { panel: 'telemetry', text: 'Telemetry' },
  { panel: 'strategy', text: 'Strategy' },
];

/** Where the choice is kept. */
const PANEL_KEY = 'pitwall.panel';

/** The one chosen last; telemetry at first. */
export function keptPanel(storage: Pick<Storage, 'getItem'>): Panel {
  return storage.getItem(PANEL_KEY) === 'strategy' ? 'strategy' : 'telemetry';
}

export function keepPanel(storage: Pick<Storage, 'setItem'>, panel: Panel): void {
  storage.setItem(PANEL_KEY, panel);
}

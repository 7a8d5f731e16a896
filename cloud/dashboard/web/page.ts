import type { SourceStatus } from '../feed-events.js';
import type { RaceView } from '../view.js';
import { Feed } from './feed.js';
import { type Connection, dataAgeMs, modeOf } from './mode.js';
import { keepPanel, keptPanel, type Panel } from './panel.js';
import type { Calls } from './parts/calls.js';
import type { Car } from './parts/car.js';
import type { Help } from './parts/help.js';
import type { RaceLog } from './parts/log.js';
import type { Strategy } from './parts/strategy.js';
import type { TopBar } from './parts/top-bar.js';
import type { Tower } from './parts/tower.js';
import { CHARTS_EVERY_MS, Rate, REDUCED_EVERY_MS, TOWER_EVERY_MS } from './rates.js';
import { entryOfHash, hashOfEntry, neighbour, selectable } from './selection.js';

/** What the page knows; the parts are given it when they are drawn. */
interface PageState {
  view: RaceView | undefined;
  status: SourceStatus | undefined;
  connection: Connection;
  /** When the newest event of the feed came (performance.now). */
  receivedMs: number;
  wanted: string | undefined;
  selected: string | undefined;
  paused: boolean;
  panel: Panel;
}

/** Connects the feed to the parts of the page. Everything that is drawn is drawn from one animation frame. */
export function startPage(): void {
  const topBar = part<TopBar>('pw-top-bar');
  const tower = part<Tower>('pw-tower');
  const calls = part<Calls>('pw-calls');
  const car = part<Car>('pw-car');
  const strategy = part<Strategy>('pw-strategy');
  const log = part<RaceLog>('pw-log');
  const help = part<Help>('pw-help');

  const state: PageState = {
    view: undefined,
    status: undefined,
    connection: 'connecting',
    receivedMs: performance.now(),
    wanted: entryOfHash(location.hash),
    selected: undefined,
    paused: false,
    panel: keptPanel(localStorage),
  };
  let callsChanged = true;
  let samplesChanged = false;

  const feed = new Feed({
    connection(connection) {
      state.connection = connection;
    },
    status(status) {
      state.status = status;
    },
    samples(points) {
      state.receivedMs = performance.now();
      if (points.thing !== thingOf(state)) return;
      car.ring.append(points);
      samplesChanged = true;
    },
    view(view) {
      callsChanged ||= view.calls !== state.view?.calls;
      state.view = view;
      state.receivedMs = performance.now();
      select(state.selected ?? state.wanted);
    },
  });

  function select(wanted: string | undefined): void {
    if (!state.view) return;
    const entry = selectable(state.view, wanted);
    const thingBefore = thingOf(state);
    const changed = entry !== state.selected;
    state.selected = entry;
    if (changed) {
      if (wanted !== undefined && entry !== undefined) history.replaceState(null, '', hashOfEntry(entry));
      car.clear();
      tower.selected = entry;
      car.view = state.view;
      car.selected = entry;
      strategy.selected = entry;
    }
    if (changed || thingOf(state) !== thingBefore) feed.open(thingOf(state));
  }

  function drawTower(nowMs: number): void {
    const { view } = state;
    const silentMs = nowMs - state.receivedMs;
    const mode = modeOf({ ...state, silentMs });
    topBar.mode = mode;
    topBar.view = view;
    topBar.dataAgeMs = view && dataAgeMs(view, silentMs);
    topBar.paused = state.paused;
    document.body.dataset.mode = mode.kind;
    calls.view = view;
    calls.raceNowMs = view ? view.raceTimeMs + (view.phase === 'running' ? silentMs * view.speed : 0) : 0;
    if (state.paused) return;
    tower.emptyReason = mode.reason;
    tower.view = view;
    car.view = view;
    strategy.view = view;
    log.view = view;
  }

  const towerRate = new Rate(TOWER_EVERY_MS);
  const chartsRate = new Rate(CHARTS_EVERY_MS);
  const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
  function setRates(): void {
    towerRate.everyMs = reducedMotion.matches ? REDUCED_EVERY_MS : TOWER_EVERY_MS;
    chartsRate.everyMs = reducedMotion.matches ? REDUCED_EVERY_MS : CHARTS_EVERY_MS;
  }
  reducedMotion.addEventListener('change', setRates);
  setRates();

  // Browsers give a hidden page no animation frames: it keeps its data and draws nothing.
  function frame(nowMs: number): void {
    requestAnimationFrame(frame);
    // A pit call is never held back: neither by the tower's rate nor by the pause.
    if (callsChanged) {
      callsChanged = false;
      calls.view = state.view;
    }
    if (towerRate.due(nowMs)) drawTower(nowMs);
    if (samplesChanged && !state.paused && chartsRate.due(nowMs)) {
      samplesChanged = false;
      car.draw();
    }
  }

  function key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.target as Element).closest('input, select, dialog')) return;
    const onButton = (event.target as Element).closest('button') !== null;
    if (event.key === 'j' || event.key === 'ArrowDown') move(1);
    else if (event.key === 'k' || event.key === 'ArrowUp') move(-1);
    else if (event.key === 'h') select(state.view && selectable(state.view, undefined));
    else if (event.key === 's') open(state.panel === 'strategy' ? 'telemetry' : 'strategy');
    else if (event.key === ' ' && !onButton) state.paused = !state.paused;
    else if (event.key === '?') help.toggle();
    else return;
    event.preventDefault();
  }

  function open(panel: Panel): void {
    state.panel = panel;
    car.panel = panel;
    document.body.dataset.panel = panel;
    keepPanel(localStorage, panel);
  }

  function move(steps: number): void {
    if (state.view) select(neighbour(state.view, state.selected, steps));
  }

  open(state.panel);
  document.addEventListener('keydown', key);
  document.addEventListener('open-panel', (event) => open((event as CustomEvent<Panel>).detail));
  document.addEventListener('help', () => help.toggle());
  document.addEventListener('select-entry', (event) => select((event as CustomEvent<string>).detail));
  window.addEventListener('hashchange', () => select(entryOfHash(location.hash)));
  feed.open(undefined);
  requestAnimationFrame(frame);
}

function thingOf(state: PageState): string | undefined {
  return state.selected === undefined ? undefined : state.view?.rows[state.selected]?.thing;
}

function part<T extends HTMLElement>(name: string): T {
  const element = document.querySelector<T>(name);
  if (!element) throw new Error(`The page has no <${name}>.`);
  return element;
}

import { describe, expect, it } from 'vitest';
import { type FeedEvent, formatFeedId } from '#cloud/dashboard/feed-events.js';
import { FeedHub } from '#cloud/dashboard/hub.js';
import { apply, type JsonObject } from '#cloud/dashboard/merge-patch.js';
import { ManualClock } from '#wire/clock.js';
import { SyntheticRace } from './synthetic-race.js';

const BORN_MS = 1_000;

function newHub(ringDeltas?: number): FeedHub {
  return new FeedHub({ wallClock: new ManualClock(BORN_MS), ringDeltas });
}

/** A client as the page is one: keeps the view by applying what comes. */
function client(hub: FeedHub, lastEventId?: string, view?: JsonObject, thing?: string) {
  const events: FeedEvent[] = [];
  const state = { events, view, leave: () => {} };
  state.leave = hub.subscribe({ lastEventId, thing }, (event) => {
    events.push(event);
    if (event.type === 'snapshot') state.view = event.view as unknown as JsonObject;
    if (event.type === 'delta') state.view = apply(state.view, event.patch);
  });
  return state;
}

const types = (events: FeedEvent[]) => events.map((event) => event.type);
const race = () => new SyntheticRace({ seed: 7, cars: 6 });

describe('feed hub', () => {
  it('sends a snapshot first, then deltas that lead to the same view, numbered without a hole', () => {
    const hub = newHub();
    const cars = race();
    hub.publish(cars.advance(100), 3);
    const page = client(hub);
    for (let step = 0; step < 50; step++) hub.publish(cars.advance(700), 3);
    expect(types(page.events)).toEqual(['snapshot', ...Array(50).fill('delta')]);
    const ids = page.events.map((event) => ('id' in event ? formatFeedId(event.id) : ''));
    expect(ids).toEqual(Array.from({ length: 51 }, (_, index) => `3.${BORN_MS + 1 + index}`));
    expect(page.view).toEqual(cars.view);
  });

  it('keeps a view of its own: what the publisher changes later is not seen before it publishes', () => {
    const hub = newHub();
    const cars = race();
    hub.publish(cars.view, 1);
    cars.view.lap = 99;
    expect(hub.view?.lap).toBe(0);
  });

  it('gives no number to a view that did not change', () => {
    const hub = newHub();
    const cars = race();
    hub.publish(cars.view, 1);
    const page = client(hub);
    hub.publish(structuredClone(cars.view), 1);
    expect(types(page.events)).toEqual(['snapshot']);
  });

  it('resumes: only what was missed, and the same view as one who never left', () => {
    const hub = newHub();
    const cars = race();
    hub.publish(cars.advance(100), 1);
    const first = client(hub);
    hub.publish(cars.advance(500), 1);
    first.leave();
    const left = formatFeedId(hub.id);
    for (let step = 0; step < 5; step++) hub.publish(cars.advance(500), 1);
    const back = client(hub, left, first.view);
    expect(types(back.events)).toEqual(Array(5).fill('delta'));
    expect(back.view).toEqual(cars.view);
    expect(first.events).toHaveLength(2);
    expect(hub.stats()).toMatchObject({ resumed: 1, tooOld: 0, subscribers: 1 });
  });

  it('a client that is up to date gets nothing on return', () => {
    const hub = newHub();
    hub.publish(race().view, 1);
    expect(client(hub, formatFeedId(hub.id)).events).toEqual([]);
  });

  it.each([
    ['too old', (id: string) => id],
    ['of another epoch', () => `7.${BORN_MS + 1}`],
    ['from the future', () => `1.${BORN_MS + 9_999}`],
    ['no id at all', () => 'lap-3'],
  ])('an id that is %s gives a snapshot', (_, idOf) => {
    const hub = newHub(4);
    const cars = race();
    hub.publish(cars.advance(100), 1);
    const old = formatFeedId(hub.id);
    for (let step = 0; step < 5; step++) hub.publish(cars.advance(500), 1);
    const back = client(hub, idOf(old));
    expect(types(back.events)).toEqual(['snapshot']);
    expect(back.view).toEqual(cars.view);
    expect(hub.stats().tooOld).toBe(1);
  });

  it('a new epoch is a snapshot for everybody, and its numbers do not resume the old ones', () => {
    const hub = newHub();
    const cars = race();
    hub.publish(cars.advance(100), 1);
    const page = client(hub);
    const before = formatFeedId(hub.id);
    hub.publish(cars.advance(100), 2);
    expect(types(page.events)).toEqual(['snapshot', 'snapshot']);
    expect(types(client(hub, before).events)).toEqual(['snapshot']);
  });

  it('another race under the same fence is a snapshot, never a patch of the first', () => {
    const hub = newHub();
    hub.publish(race().view, 1);
    const before = formatFeedId(hub.id);
    hub.publish({ ...race().view, race: 'synthetic-2' }, 1);
    expect(types(client(hub, before).events)).toEqual(['snapshot']);
    // A hub of a later process, same fence: numbers start at its birth, so the old id is not one of its own.
    const later = new FeedHub({ wallClock: new ManualClock(BORN_MS + 60_000) });
    const cars = race();
    for (let step = 0; step < 3; step++) later.publish(cars.advance(100), 1);
    expect(types(client(later, before).events)).toEqual(['snapshot']);
  });

  it('samples go to those who look at the thing, and to those who take all', () => {
    const hub = newHub();
    const cars = race();
    const one = client(hub, undefined, undefined, 'car-1');
    const two = client(hub, undefined, undefined, 'car-2');
    const all = client(hub, undefined, undefined, '*');
    const none = client(hub);
    hub.samples(cars.samples('car-1'));
    expect([one, two, all, none].map(({ events }) => events.length)).toEqual([1, 0, 1, 0]);
    expect(hub.watches('car-9')).toBe(true);
    all.leave();
    expect(hub.watches('car-9')).toBe(false);
    expect(hub.watches('car-2')).toBe(true);
  });

  it('tells a status to newcomers and on change only', () => {
    const hub = newHub();
    hub.setStatus({ state: 'down', reason: 'no engine' });
    const page = client(hub);
    hub.setStatus({ state: 'down', reason: 'no engine' });
    hub.setStatus({ state: 'up', reason: '' });
    expect(page.events.map((event) => event.type === 'status' && event.status.state)).toEqual(['down', 'up']);
  });
});

describe('feed hub as a relay', () => {
  function pair() {
    const engine = newHub();
    const screen = new FeedHub({ wallClock: new ManualClock(5_000_000) });
    const refused: FeedEvent[] = [];
    const leave = engine.subscribe({ thing: '*' }, (event) => {
      if (!screen.relay(event)) refused.push(event);
    });
    return { engine, screen, refused, leave };
  }

  it('keeps the numbers of its upstream, so that a client can resume at either', () => {
    const { engine, screen, refused } = pair();
    const cars = race();
    for (let step = 0; step < 4; step++) engine.publish(cars.advance(500), 2);
    expect(screen.id).toEqual(engine.id);
    expect(screen.view).toEqual(engine.view);
    const before = formatFeedId(engine.id);
    engine.publish(cars.advance(500), 2);
    expect(types(client(screen, before).events)).toEqual(['delta']);
    expect(refused).toEqual([]);
  });

  it('refuses a delta that does not follow on the last one, and takes the snapshot that is then asked for', () => {
    const { engine, screen, leave } = pair();
    const cars = race();
    engine.publish(cars.advance(500), 2);
    leave();
    engine.publish(cars.advance(500), 2);
    const page = client(screen);
    let accepted = true;
    engine.subscribe({ lastEventId: formatFeedId(engine.id) }, (event) => {
      accepted = screen.relay(event);
    });
    engine.publish(cars.advance(500), 2);
    expect(accepted).toBe(false);
    engine.subscribe({}, (event) => screen.relay(event));
    expect(page.view).toEqual(engine.view);
  });

  it('ignores an engine whose fence is older', () => {
    const { engine, screen } = pair();
    const cars = race();
    engine.publish(cars.advance(500), 5);
    const stale = new FeedHub({ wallClock: new ManualClock(9_000_000) });
    stale.subscribe({}, (event) => screen.relay(event));
    stale.publish({ ...cars.view, lap: 41 }, 4);
    stale.publish({ ...cars.view, lap: 42 }, 4);
    expect(screen.view?.lap).toBe(engine.view?.lap);
    expect(screen.stats().stale).toBe(2);
  });

  it('takes a new race even when its fences start again', () => {
    const { engine, screen } = pair();
    engine.publish(race().view, 5);
    engine.publish({ ...race().view, race: 'synthetic-2' }, 1);
    expect(screen.view?.race).toBe('synthetic-2');
    expect(screen.id.epoch).toBe(1);
  });
});

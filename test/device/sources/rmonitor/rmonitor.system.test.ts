import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rmonitorKind } from '#device/sources/rmonitor/rmonitor.js';
import { FakeOrbits } from '../../../helpers/fake-orbits.js';
import { until } from '../../uplink/broker.js';
import { RecordingSink, START_MS, testContext } from '../support.js';

const COMPETITORS = ['$A,"R1","7",1001,"Ann","Li","",1', '$A,"R2","12X",1002,"Bo","O\'Neil, Jr.","",1'];

describe('the rmonitor source', () => {
  let orbits: FakeOrbits;
  beforeEach(async () => {
    orbits = await FakeOrbits.start();
  });
  afterEach(() => orbits.close());

  it('connects again, drops the half line, and goes on where it was', async () => {
    const known = [...COMPETITORS, '$A,"R3","8",1003,"Jos\u00e9","Br\u00fchl","",1'];
    orbits.greeting = [...known, '$G,1,"R1",1,"00:00:30.000"'];
    const context = testContext();
    const config = { server: { host: '127.0.0.1', port: orbits.port }, backoff: { minMs: 5, maxMs: 20 } };
    const source = await rmonitorKind.open(rmonitorKind.config.parse(config), context);
    const sink = new RecordingSink(() => source);
    source.start(sink);
    await until('it was greeted', () => source.stats?.().lines === 4);
    context.raceClock.advance(60_000);
    orbits.send('$J,"R1","00:00:30.000","00:01:00.000"', '$G,1,"R1",2,"00:01:00.000"');
    await until('a lap', () => sink.timings.length === 1);
    // Whoever comes back is greeted with the race as it stands.
    orbits.greeting = [...known, '$G,1,"R1",2,"00:01:00.000"'];
    orbits.sendRaw('$J,"R1","00:0');
    orbits.drop();
    await until('it is back', () => orbits.connections === 2 && source.stats?.().lines === 10);
    expect(sink.failures).toMatchObject([{ code: 'PW-SOURCE-INPUT', retriable: true }]);
    context.raceClock.advance(30_000);
    orbits.send('$J,"R1","00:00:30.000","00:01:30.000"', '$G,1,"R1",3,"00:01:30.000"');
    await until('the next lap', () => sink.timings.length === 2);
    expect(sink.timings[1]).toMatchObject({ lap: 3, eventTimeMs: START_MS + 90_000 });
    expect(source.stats?.()).toMatchObject({ reconnects: 1, silent: 0, passings: 2 });
    await source.stop();
  });
});

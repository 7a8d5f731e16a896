import { afterEach, describe, expect, it } from 'vitest';
import type { IotCoreLimits } from '#cloud/local/iot-core/limits.js';
import { Harness, until } from './harness.js';
import * as packets from './packets.js';

const harnesses: Harness[] = [];
afterEach(async () => {
  for (const harness of harnesses.splice(0)) await harness.stop();
});

/** A client that asks for this keep-alive and never says a word again. */
async function silent(keepAliveSeconds: number, limits: Partial<IotCoreLimits>): Promise<Harness> {
  const harness = await Harness.start({ limits });
  harnesses.push(harness);
  const socket = await harness.socket(await harness.authority.thing('car-1'));
  socket.write(packets.connect('car-1', { keepAliveSeconds }));
  await until(() => harness.iot.stats().connections === 1);
  return harness;
}

describe('a keep-alive', () => {
  it('below the shortest is the shortest; none at all, and one above the longest, is the longest', async () => {
    // First, so that it would end first.
    const short = await silent(1, { keepAliveMinSeconds: 30 });
    const none = await silent(0, { keepAliveMinSeconds: 1, keepAliveMaxSeconds: 1 });
    const long = await silent(1200, { keepAliveMinSeconds: 1, keepAliveMaxSeconds: 1 });
    await until(() => [none, long].every(({ iot }) => iot.stats().connections === 0));
    for (const { iot } of [none, long]) expect(iot.stats().disconnects).toEqual({ MQTT_KEEP_ALIVE_TIMEOUT: 1 });
    expect(short.iot.stats().connections).toBe(1);
  });
});

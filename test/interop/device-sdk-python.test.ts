/** The AWS IoT Device SDK for Python, unmodified: MQTT 3.1.1 connection and shadow client. pip: awsiotsdk. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalReady } from '#cli/commands/local.js';
import { topics } from '#wire/topics.js';
import { Desk } from '../cli/command.js';
import { INSTALL, pythonWith, start, until } from '../helpers/foreign-clients.js';

const python = pythonWith('awsiot');
const SCRIPT = fileURLToPath(new URL('./device_sdk.py', import.meta.url));

describe.skipIf(!python)(`AWS IoT Device SDK for Python${python ? '' : `: not on this machine; ${INSTALL}`}`, () => {
  const desk = new Desk();
  let ready: LocalReady;
  beforeAll(async () => {
    ({ ready } = await desk.local(1));
  });
  afterAll(() => desk.close());

  it('connects as a car, publishes, hears the pit wall, and works its shadow', async () => {
    const { name: thing, cert, key } = ready.things[0];
    const heard = desk.start(['sub', topics.health('+'), '--json']);
    while (!heard.out()) await desk.run(['pub', topics.health('probe'), '{}']);
    const target = {
      ...{ thing, port: ready.mqtt.port, ca: ready.mqtt.ca, cert, key },
      say: topics.health(thing),
      hear: topics.calls(thing),
    };
    const car = start(python!, [SCRIPT, JSON.stringify(target)]);
    await until(() => car.err().includes('subscribed') || car.child.exitCode !== null);
    await desk.run(['pub', topics.calls(thing), '{"callId":"box"}']);
    const { code, out, err } = await car.ended;
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toEqual({
      sessionPresent: false,
      received: { topic: topics.calls(thing), payload: { callId: 'box' } },
      missing: 404,
      version: 1,
      delta: { wingDeg: 6 },
      state: { desired: { wingDeg: 6 }, reported: { wingDeg: 5 } },
    });
    const own = heard
      .out()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { topic: string });
    expect(own).toContainEqual({ topic: topics.health(thing), payload: { v: 1 } });
  });
});

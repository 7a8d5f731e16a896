import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAuthority } from '#certs/authority.js';
import { wallClock } from '#wire/clock.js';
import { freeze, Harness, inbox, OPERATOR, until } from '../harness.js';

const MB = 2 ** 20;
const FROZEN = 10;
const FLOOD_BYTES = 160 * MB;
const PAYLOAD_BYTES = 16 * 1024;

describe('deliveries over MQTT', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await Harness.start();
    await harness.authority.thing(OPERATOR);
  });
  afterAll(() => harness.stop());

  const operatorAs = async (clientId: string, clean = true) =>
    harness.connect(clientId, { clientId, clean, identity: await harness.authority.thing(OPERATOR) });

  it('of a shared subscription reach one member each; what a gone one had not acknowledged, another', async () => {
    const members = await Promise.all([operatorAs('one'), operatorAs('two')]);
    const inboxes = members.map(inbox);
    for (const member of members) await member.subscribeAsync('$share/crew/work/+', { qos: 1 });
    const sender = await operatorAs('sender');
    for (let i = 0; i < 20; i++) await sender.publishAsync(`work/${i}`, `${i}`, { qos: 1 });
    await until(() => inboxes[0].length + inboxes[1].length === 20);
    expect(inboxes.map((each) => each.length)).toEqual([10, 10]);

    freeze(members[0]);
    for (let i = 20; i < 30; i++) await sender.publishAsync(`work/${i}`, `${i}`, { qos: 1 });
    members[0].stream.destroy();
    await until(() => inboxes[1].length === 20);
    const all = inboxes.flat().map(({ text }) => Number(text));
    expect(new Set(all)).toEqual(new Set(Array.from({ length: 30 }, (_, i) => i)));
  });

  it('to a session that comes back are what it had not acknowledged and what came since', async () => {
    const sender = await operatorAs('sender-2');
    const before = await operatorAs('sleeper', false);
    await before.subscribeAsync('news', { qos: 1 });
    freeze(before);
    await sender.publishAsync('news', 'unacknowledged', { qos: 1 });
    const { connections } = harness.iot.stats();
    before.stream.destroy();
    await until(() => harness.iot.stats().connections < connections);
    await sender.publishAsync('news', 'while away', { qos: 1 });
    const mine = () => harness.received.filter(({ client }) => client === 'sleeper').map(({ text }) => text);
    const after = await operatorAs('sleeper', false);
    await until(() => mine().length >= 2);
    await sender.publishAsync('news', 'now', { qos: 1 });
    await until(() => mine().length >= 3);
    expect(mine().slice(-3)).toEqual(['unacknowledged', 'while away', 'now']);
    await after.endAsync();
  });
});

describe(`${FROZEN} frozen subscribers under ${FLOOD_BYTES / MB} MB`, () => {
  it('cost a bounded amount of memory, and a healthy one gets everything', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pitwall-frozen-'));
    const authority = await openAuthority(join(folder, 'certs'), { now: wallClock });
    const { caPath, certPath, keyPath } = await authority.thing(OPERATOR);
    const [ca, cert, key] = await Promise.all([caPath, certPath, keyPath].map((path) => readFile(path)));
    const script = fileURLToPath(new URL('../server-child.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', script, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const { mqttPort: port } = JSON.parse(line.toString()) as { mqttPort: number };
      const connect = (clientId: string) =>
        mqtt.connectAsync({ protocol: 'mqtts', host: '127.0.0.1', port, ca, cert, key, clientId, reconnectPeriod: 0 });
      const rssMb = async () =>
        Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024;

      const frozen = await Promise.all(Array.from({ length: FROZEN }, (_, i) => connect(`frozen-${i}`)));
      for (const client of frozen) {
        client.on('error', () => {});
        await client.subscribeAsync('load/#', { qos: 1 });
        freeze(client);
      }
      const [healthy, sender] = await Promise.all(['healthy', 'sender'].map(connect));
      let received = 0;
      healthy.on('message', () => received++);
      await healthy.subscribeAsync('load/#', { qos: 1 });
      const before = await rssMb();
      const payload = Buffer.alloc(PAYLOAD_BYTES, 'x');
      const count = FLOOD_BYTES / PAYLOAD_BYTES;
      let next = 0;
      const send = async () => {
        while (next < count) await sender.publishAsync(`load/${next++ % 7}`, payload, { qos: next % 2 === 0 ? 0 : 1 });
      };
      await Promise.all(Array.from({ length: 20 }, send));
      await until(() => received >= count * 0.5);
      const growthMb = (await rssMb()) - before;
      // Unbounded, it would be ten times the flood; bare aedes kept the flood itself.
      expect(growthMb).toBeLessThan(150);
      for (const client of [...frozen, healthy, sender]) client.end(true);
    } finally {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** mosquitto_pub and mosquitto_sub over mutual TLS, on the system that `pitwall local` runs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalReady } from '#cli/commands/local.js';
import { topics } from '#wire/topics.js';
import { Desk } from '../../../cli/command.js';
import { type Foreign, has, start, until } from '../../../helpers/foreign-clients.js';

/** AWS IoT: connects a second with one client id; a little more, for its clock is not ours. */
const CONNECT_EVERY_MS = 1_200;
/** MOSQ_ERR_CONN_LOST. */
const CONNECTION_LOST = 7;
const missing = !has('mosquitto_pub', '--help');

describe.skipIf(missing)(
  `mosquitto's clients${missing ? ': not on this machine; Debian: apt-get install mosquitto-clients' : ''}`,
  () => {
    const desk = new Desk();
    let ready: LocalReady;

    /** When each car connected last, and how many operators did. */
    const connectedMs = new Map<string, number>();
    let operators = 0;

    /** An operator has a client id of its own each time; a car has one, with which AWS lets it connect once a second. */
    async function identityOf(who: string): Promise<{ clientId: string; cert: string; key: string }> {
      if (who === 'operator') return { ...ready.mqtt, clientId: `operator-${++operators}` };
      const sinceMs = performance.now() - (connectedMs.get(who) ?? Number.NEGATIVE_INFINITY);
      if (sinceMs < CONNECT_EVERY_MS) await new Promise((resolve) => setTimeout(resolve, CONNECT_EVERY_MS - sinceMs));
      connectedMs.set(who, performance.now());
      return ready.things.find(({ name }) => name === who)!;
    }

    /** `-d` tells of every packet on stdout. */
    async function mosquitto(program: 'pub' | 'sub', who: string, ...argv: string[]): Promise<Foreign> {
      const { host, port, ca } = ready.mqtt;
      const { clientId, cert, key } = await identityOf(who);
      return start('stdbuf', [
        // Into a pipe it would keep back what it has to say until its end.
        ...['-oL', `mosquitto_${program}`],
        ...['-h', host, '-p', String(port), '--cafile', ca, '--cert', cert, '--key', key, '-i', clientId],
        ...['-V', 'mqttv311', '-d', ...argv],
      ]);
    }
    const ended = async (...argv: Parameters<typeof mosquitto>) => (await mosquitto(...argv)).ended;
    const subscribed = async (who: string, ...argv: string[]) => {
      const client = await mosquitto('sub', who, ...argv);
      await until(() => client.out().includes('SUBACK') || client.child.exitCode !== null);
      return client;
    };

    beforeAll(async () => {
      ({ ready } = await desk.local(2));
    });
    afterAll(() => desk.close());

    it('publish at QoS 1 as a car, and hear it as the operator', async () => {
      const sub = await subscribed('operator', '-q', '1', '-v', '-C', '1', '-t', 'pitwall/v1/+/health');
      const pub = await ended('pub', 'car-1', '-q', '1', '-t', topics.health('car-1'), '-m', '{"v":1}');
      expect(pub.code, pub.err).toBe(0);
      expect(pub.out).toContain('received PUBACK');
      const { code, out } = await sub.ended;
      expect(code).toBe(0);
      expect(out).toContain(`${topics.health('car-1')} {"v":1}`);
    });

    it('get and change a shadow by its topics', async () => {
      const base = '$aws/things/car-1/shadow/name/setup';
      const sub = await subscribed('operator', '-v', '-C', '1', '-t', `${base}/update/delta`);
      const payload = '{"state":{"desired":{"wingDeg":6}}}';
      expect((await ended('pub', 'car-1', '-q', '1', '-t', `${base}/update`, '-m', payload)).code).toBe(0);
      const { out } = await sub.ended;
      const line = out.split('\n').find((each) => each.startsWith(`${base}/update/delta `))!;
      expect(JSON.parse(line.slice(line.indexOf('{')))).toMatchObject({ version: 1, state: { wingDeg: 6 } });
    });

    it('keep a retained message for who comes later, and remove it', async () => {
      const keep = ['-q', '1', '-r', '-t', 'test/retained'];
      expect((await ended('pub', 'operator', ...keep, '-m', 'kept')).code).toBe(0);
      const later = await ended('sub', 'operator', '-C', '1', '-t', 'test/retained');
      expect(later.out.split('\n')).toContain('kept');
      expect((await ended('pub', 'operator', ...keep, '-n')).code).toBe(0);
      const after = await ended('sub', 'operator', '-W', '1', '-t', 'test/retained');
      expect(after.out.split('\n')).not.toContain('kept');
    });

    it('are cut off when they publish or subscribe beyond their policy; others stay connected', async () => {
      const witness = await subscribed('operator', '-v', '-t', 'pitwall/v1/#');
      const pub = await ended('pub', 'car-2', '-q', '1', '-t', topics.health('car-1'), '-m', 'forged');
      expect([pub.code, pub.out]).toEqual([CONNECTION_LOST, expect.not.stringContaining('received PUBACK')]);
      const sub = await ended('sub', 'car-2', '-t', topics.calls('car-1'));
      // The SUBACK says 128, and the connection is closed at once: which of the two it sees first is chance.
      expect(sub.out + sub.err).toMatch(/All subscription requests were denied|connection was lost/i);
      expect(sub.out).not.toMatch(/Subscribed \(mid: 1\): [01]\b/);
      await ended('pub', 'car-1', '-q', '1', '-t', topics.health('car-1'), '-m', 'genuine');
      await until(() => witness.out().includes('genuine'));
      expect(witness.out()).not.toContain('forged');
      witness.child.kill();
    });

    it('are not let in with a certificate of another authority, or without one', async () => {
      const { host, port, ca } = ready.mqtt;
      const foreign = new Desk();
      const { certificates } = await foreign.json<{ certificates: { certPath: string }[] }>('certs', 'issue', 'car-1');
      const { certPath } = certificates[0];
      const target = ['-h', host, '-p', String(port), '--cafile', ca, '-q', '1', '-t', 'a', '-m', 'x', '-i', 'car-1'];
      const withForeign = start('mosquitto_pub', [
        ...target,
        '--cert',
        certPath,
        '--key',
        certPath.replace(/crt$/, 'key'),
      ]);
      const without = start('mosquitto_pub', target);
      for (const client of [withForeign, without]) {
        await until(() => client.err() !== '' || client.child.exitCode !== null);
        client.child.kill();
        expect((await client.ended).code).not.toBe(0);
      }
      foreign.close();
    });
  },
);

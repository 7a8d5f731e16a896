/** Child of the idle bench: a shadow service that is given shadows of a car's size, and keeps them. */
import { ShadowService } from '#cloud/local/iot-core/shadow/service.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';

const AT_ONCE = 100;
const SETTINGS = 20;

const [path, count] = process.argv.slice(2);
const service = await ShadowService.open({ path, raceClock: wallClock, log: silentLog });
const settings = Object.fromEntries(Array.from({ length: SETTINGS }, (_, i) => [`setting${i}`, i * 1.5]));
const payload = Buffer.from(JSON.stringify({ state: { desired: settings, reported: settings } }));

async function keep(): Promise<void> {
  for (let from = 0; from < Number(count); from += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, (_, i) =>
      service.handle({ thing: `car-${from + i}`, name: 'setup', verb: 'update' }, payload),
    );
    for (const { status } of await Promise.all(batch)) if (status !== 200) throw new Error(`An update: ${status}`);
  }
  process.send?.('kept');
}

process.once('message', () => void keep());
process.on('disconnect', () => process.exit(0));
process.send?.('ready');

/** A process with a component that leaks in every way; prints its state, and ends by a fault that is nobody's. */
import { LocalBus } from '#device/components/bus.js';
import { Supervisor } from '#device/components/supervisor.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

const bus = new LocalBus(silentLog);
const supervisor = new Supervisor({
  components: [
    {
      name: 'rejects',
      start: () => {
        setTimeout(() => void Promise.reject(new Error('late rejection')), 5);
      },
      stop: () => {},
    },
    {
      name: 'throws',
      start: () => {
        setTimeout(() => {
          throw new Error('out of a timer');
        }, 5);
      },
      stop: () => {},
    },
    {
      name: 'hears',
      start: () => {
        bus.subscribe('laps', () => {
          void Promise.reject(new Error('from a handler'));
        });
      },
      stop: () => {},
    },
    { name: 'sound', start: () => {}, stop: () => {} },
  ],
  wallClock,
  random: seededRandom(1),
  log: silentLog,
});
supervisor.start();
setTimeout(() => bus.publish('laps', 1), 20);
setTimeout(() => {
  console.log(JSON.stringify(supervisor.status()));
  if (process.argv[2] === 'fault') void Promise.reject(new Error('the data path'));
  setTimeout(() => void supervisor.stop().then(() => console.log('stopped')), 20);
}, 100);

/** The hosting end of `remote.system.test.ts`: a process that counts what its agent is given. */
import { ipcChannel } from '#simulator/fleet/ipc-channel.js';
import { hostCarAgent } from '#simulator/fleet/remote-host.js';

let samples = 0;
let sum = 0;
await hostCarAgent({
  thing: 'car-1',
  rateHz: 100,
  channel: ipcChannel(process),
  startAgent: async (source) => {
    source.start({
      samples: ({ values }) => {
        samples += values.length;
        for (const value of values) sum += value;
      },
      event: () => {},
    });
    return {
      stats: () => ({ samples, sum }),
      drained: async () => true,
      stop: async () => source.stop(),
    };
  },
});
process.disconnect();

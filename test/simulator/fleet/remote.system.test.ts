import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { SimulatedSource } from '#device/sources/simulated.js';
import { carChannels } from '#simulator/channels.js';
import { ipcChannel } from '#simulator/fleet/ipc-channel.js';
import { RemoteAgent } from '#simulator/fleet/remote.js';
import { silentLog } from '#wire/log.js';

it('an agent in a forked process gets every sample over IPC, and ends with the fleet', async () => {
  const child = fork(fileURLToPath(new URL('./remote-child.ts', import.meta.url)), {
    serialization: 'advanced',
    execArgv: ['--conditions=source', '--import', 'tsx'],
  });
  const exited = once(child, 'exit');
  const source = new SimulatedSource('car-1', carChannels(100));
  const agent = await RemoteAgent.connect<{ samples: number; sum: number }>({
    thing: 'car-1',
    source,
    channel: ipcChannel(child),
    onCall: () => {},
    log: silentLog,
  });
  // The buffer is used again for each block, as the world does: what is sent must be a copy.
  const buffer = new Float64Array(2000);
  let sum = 0;
  for (let n = 0; n < 50; n++) {
    const values = buffer.subarray(0, 1500).fill(n + 0.5);
    for (const value of values) sum += value;
    source.push({
      timeMs: 1000 + 250 * n,
      periodUs: 10_000,
      count: 25,
      channels: new Uint16Array(60).map((_, i) => i),
      values,
    });
  }
  expect(await agent.drained(5000)).toBe(true);
  expect(agent.stats()).toEqual({ samples: 50 * 1500, sum });
  expect(agent.behindMs()).toBe(0);
  await agent.stop();
  const [code] = await exited;
  expect(code).toBe(0);
});

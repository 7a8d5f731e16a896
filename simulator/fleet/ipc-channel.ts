import type { ChildProcess } from 'node:child_process';
import type { Channel } from './remote-protocol.js';

/**
 * Node's IPC as a channel: a forked child seen from its parent, or `process` seen from the child. The fork must have
 * `serialization: 'advanced'`, so that typed arrays stay what they are. What is sent to an end that is gone is lost;
 * whoever forked hears of its exit.
 *
 * @example
 * const channel = ipcChannel(fork(entry, { serialization: 'advanced' }));
 */
export function ipcChannel(end: ChildProcess | NodeJS.Process): Channel {
  return {
    send: (message) => {
      if (end.connected) end.send?.(message as object, undefined, undefined, () => {});
    },
    listen: (listener) => {
      end.on('message', listener);
      return () => end.off('message', listener);
    },
  };
}

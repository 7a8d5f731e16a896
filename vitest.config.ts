import { defineConfig } from 'vitest/config';

/** The command that tests start is the compiled one, as users have it. */
const BUILD = './test/helpers/build.ts';
const resolve = { conditions: ['source'] };
const ssr = { resolve: { conditions: ['source', 'node', 'default'] } };

/**
 * `unit`: pure code, one process, no isolation (isolation costs 0.2 s a file); two threads, as without a number there is
 *   one less than the machine has cores.
 * `system`: brokers, ports, child processes; four files at a time on two cores, as they wait for what they have started
 *   for about half of their time, in processes that are kept: a fresh one for each file spends more on loading the SDK than most
 *   of them need to run.
 * `long`: long forms of chaos, fuzz and soak, minutes each; run before an issue is called resolved.
 * `interop`: clients that nobody here wrote; each test says in one line why it is skipped.
 */
export default defineConfig({
  test: {
    reporters: ['default', './test/helpers/plain-reporter.ts'],
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.system.test.ts', 'test/**/*.long.test.ts', 'test/flow/**', 'test/interop/**'],
          pool: 'threads',
          isolate: false,
          maxWorkers: 2,
          // Nothing here measures time: a busy machine is no failure.
          testTimeout: 30_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'system',
          isolate: false,
          maxWorkers: 4,
          // A number of workers of its own needs a place of its own: after the unit tests.
          sequence: { groupOrder: 1 },
          include: ['test/**/*.system.test.ts', 'test/flow/**/*.test.ts'],
          exclude: ['test/**/*.long.test.ts'],
          globalSetup: BUILD,
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'long',
          include: ['test/**/*.long.test.ts'],
          globalSetup: BUILD,
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          globalSetup: BUILD,
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});

import { expect, it } from 'vitest';
import { Inputs } from '#device/inputs.js';
import type { SourceSink } from '#device/sources/source.js';
import { ManualClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';

it('a source hears once of each commit that it waited for, and may wait for the next from there', async () => {
  let sink: SourceSink | undefined;
  const source = {
    name: 'log',
    start: (given: SourceSink) => {
      sink = given;
    },
    stop: () => {},
  };
  const inputs = new Inputs({ sources: [source], raceClock: new ManualClock(0), log: silentLog });
  const nothing = () => {};
  inputs.start({ samples: nothing, event: nothing, timing: nothing, timeFix: nothing });
  const heard: number[] = [];
  const wait = (commit: number) =>
    sink?.whenJournaled(() => {
      heard.push(commit);
      if (commit < 2) wait(commit + 1);
    });
  wait(1);
  expect(heard).toEqual([]);
  inputs.journaled();
  expect(heard).toEqual([1]);
  inputs.journaled();
  inputs.journaled();
  expect(heard).toEqual([1, 2]);
  await inputs.stop();
});

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type NewItem, Slots, TRIAL_STARTS_MAX } from '#device/deployments/slots.js';
import { silentLog } from '#wire/log.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pitwall-slots-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const open = () => new Slots(dir, silentLog);
const item = (kind: NewItem['kind'], text: string): NewItem => ({
  kind,
  sha256: createHash('sha256').update(text).digest('hex'),
  bytes: Buffer.from(text),
});
const texts = (slots: Slots) => slots.items.map(({ kind, path }) => `${kind}: ${readFileSync(path, 'utf8')}`);

/** A configuration that was deployed and kept. */
function kept(...items: NewItem[]): Slots {
  const slots = open();
  slots.stage(items);
  slots.switchOver('first');
  slots.keep();
  slots.told('first');
  return slots;
}

describe('two slots', () => {
  test('a new configuration is in force from the switch on, and leaves the kinds that it does not name', () => {
    const slots = kept(item('campaign', 'one'), item('dbc', 'a'));
    slots.stage([item('campaign', 'two')]);
    expect(texts(slots)).toEqual(['campaign: one', 'dbc: a']);
    slots.switchOver('second');
    expect(texts(slots)).toEqual(['dbc: a', 'campaign: two']);
    slots.keep();
    expect(texts(open())).toEqual(['dbc: a', 'campaign: two']);
    expect(open().ended).toEqual({ jobId: 'second', status: 'SUCCEEDED' });
  });

  test('goes back to the one before', () => {
    const slots = kept(item('campaign', 'one'));
    slots.stage([item('campaign', 'two')]);
    slots.switchOver('second');
    slots.rollBack('not well');
    expect(texts(open())).toEqual(['campaign: one']);
    expect(open().ended).toEqual({ jobId: 'second', status: 'FAILED', reason: 'not well' });
  });

  test('a process that dies with it again and again goes back after so many starts', () => {
    const slots = kept(item('campaign', 'one'));
    slots.stage([item('campaign', 'deadly')]);
    slots.switchOver('second');
    for (let start = 1; start <= TRIAL_STARTS_MAX; start++) {
      const next = open();
      next.begin();
      expect(texts(next)).toEqual(['campaign: deadly']);
      expect(next.trial?.starts).toBe(start);
    }
    const last = open();
    last.begin();
    expect(texts(last)).toEqual(['campaign: one']);
    expect(last.ended).toMatchObject({
      jobId: 'second',
      status: 'FAILED',
      reason: expect.stringContaining('3 starts'),
    });
  });

  test('files that are not what they were: on trial goes back, in force is left out, neither is used', () => {
    const slots = kept(item('campaign', 'one'));
    slots.stage([item('campaign', 'two')]);
    slots.switchOver('second');
    writeFileSync(slots.items[0].path, 'tWo');
    const next = open();
    next.begin();
    expect(texts(next)).toEqual(['campaign: one']);
    writeFileSync(next.items[0].path, 'onE');
    const last = open();
    last.begin();
    expect(last.items).toEqual([]);
  });

  test('a crash before the switch changes nothing', () => {
    const slots = kept(item('campaign', 'one'));
    slots.stage([item('campaign', 'two')]);
    const next = open();
    next.begin();
    expect(texts(next)).toEqual(['campaign: one']);
    writeFileSync(join(dir, 'state.json.new'), '{"v":1,"act');
    expect(texts(open())).toEqual(['campaign: one']);
  });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KeptMessage, openOutbox } from '#rules/actions/outbox.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pitwall-outbox-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const kept = (n: number): KeptMessage => ({
  key: `k${n}`,
  message: {
    ruleName: 'frames_live',
    topic: 'pitwall/v1/car-1/frames',
    cloudwatchTraceId: '00000000-0000-4000-8000-000000000000',
    clientId: 'car-1',
    base64OriginalPayload: Buffer.from(`frame ${n}`).toString('base64'),
    failures: [{ failedAction: 'KinesisAction', failedResource: 'pitwall-frames-live', errorMessage: 'down' }],
  },
  replay: { clientId: 'car-1', principal: 'p', timestampMs: n },
});

const segments = () => readdirSync(dir).sort();
const lines = () =>
  segments().flatMap((name) =>
    readFileSync(join(dir, name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );

describe('the outbox', () => {
  it('has a line on disk when put resolves', async () => {
    const outbox = openOutbox(dir);
    await outbox.put(kept(1));
    expect(lines()).toEqual([kept(1)]);
    await outbox.close();
  });

  it('keeps everything that is put at once, in order', async () => {
    const outbox = openOutbox(dir);
    await Promise.all(Array.from({ length: 200 }, (_, n) => outbox.put(kept(n))));
    expect(lines().map(({ key }) => key)).toEqual(Array.from({ length: 200 }, (_, n) => `k${n}`));
    expect(outbox.stats()).toMatchObject({ written: 200, refused: { full: 0, store: 0 } });
    await outbox.close();
  });

  it('begins another segment when one is large enough, and after a restart', async () => {
    const outbox = openOutbox(dir, { segmentBytes: 600 });
    for (let n = 0; n < 4; n++) await outbox.put(kept(n));
    await outbox.close();
    expect(segments().length).toBeGreaterThan(1);
    const before = segments().length;
    // What a crash in the middle of a line leaves.
    writeFileSync(join(dir, segments()[before - 1]), '{"key":"torn', { flag: 'a' });
    const again = openOutbox(dir, { segmentBytes: 600 });
    await again.put(kept(9));
    await again.close();
    expect(segments()).toHaveLength(before + 1);
    expect(JSON.parse(readFileSync(join(dir, segments()[before]), 'utf8')).key).toBe('k9');
  });

  it('refuses what would pass its bound, earlier segments counted', async () => {
    const first = openOutbox(dir, { bytesMax: 900 });
    await first.put(kept(1));
    await first.close();
    const second = openOutbox(dir, { bytesMax: 900 });
    await second.put(kept(2));
    await expect(second.put(kept(3))).rejects.toMatchObject({ code: 'PW-OUTBOX-FULL' });
    expect(second.stats()).toMatchObject({ written: 1, refused: { full: 1 } });
    await second.close();
  });

  it('says so when the disk does not take it, and tries the next one', async () => {
    const outbox = openOutbox(dir);
    rmSync(dir, { recursive: true });
    await expect(outbox.put(kept(1))).rejects.toMatchObject({ code: 'PW-OUTBOX-STORE' });
    expect(outbox.stats()).toMatchObject({ bytes: 0, refused: { store: 1 } });
    openOutbox(dir);
    await outbox.put(kept(2));
    expect(lines().map(({ key }) => key)).toEqual(['k2']);
    await outbox.close();
  });

  it('refuses a folder that cannot be made', () => {
    writeFileSync(join(dir, 'file'), '');
    expect(() => openOutbox(join(dir, 'file', 'outbox'))).toThrow(expect.objectContaining({ code: 'PW-OUTBOX-STORE' }));
  });
});

/** What every command has in common: exit codes, errors for programs, help; and the commands that only compute. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { canonical, type ShadowMessage, vectors } from '../cloud/local/iot-core/shadow-vectors.js';
import { Desk } from './command.js';

const desk = new Desk();
afterAll(() => desk.close());

describe('exit codes', () => {
  // 6, a missed threshold, needs a race: race.system.test.ts.
  it('0: done', async () => {
    const { code, out, err } = await desk.run(['context', 'ls']);
    expect([code, out, err]).toEqual([0, expect.stringMatching(/^\* local/), '']);
  });

  it('1: a check failed', async () => {
    await desk.run(['certs', 'issue', 'car-1']);
    chmodSync(join(desk.data, 'certs/things/car-1.key'), 0o644);
    const { code, out } = await desk.run(['doctor', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out).findings).toContainEqual(
      expect.objectContaining({ state: 'failed', detail: expect.stringContaining('can be read by others') }),
    );
    chmodSync(join(desk.data, 'certs/things/car-1.key'), 0o600);
  });

  it('2: an unknown flag, with the nearest one; a value that a flag does not take', async () => {
    const unknown = await desk.run(['sub', 'a', '--tiemout', '1']);
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('Did you mean --timeout?')]);
    expect((await desk.run(['certs', 'bulk', '--cars', 'many'])).code).toBe(2);
    expect((await desk.run(['local', '--things', '-1'])).code).toBe(2);
  });

  it('3: no running system; the error is one JSON document with a code', async () => {
    const { code, out, err } = await desk.run(['shadow', 'get', 'car-1', '--json']);
    expect([code, out]).toEqual([3, '']);
    expect(JSON.parse(err)).toMatchObject({
      ok: false,
      error: { code: 'PW-CONFIG-NOT-RUNNING', message: expect.stringContaining(desk.data), retriable: false },
    });
  });

  it('4, 5 and 130: the service refused, nothing came in time, interrupted', async () => {
    const system = await desk.local(0);
    const refused = await desk.run(['shadow', 'get', 'nobody']);
    expect([refused.code, refused.err]).toEqual([4, expect.stringContaining("No shadow exists with name: 'nobody'")]);

    const late = await desk.run(['sub', 'quiet/topic', '--timeout', '0.2']);
    expect([late.code, late.err]).toEqual([5, expect.stringContaining('PW-REMOTE-TIMEOUT')]);

    const sub = desk.start(['sub', 'test/#']);
    while (!sub.out()) await desk.run(['pub', 'test/ready', '1']);
    sub.child.kill('SIGINT');
    expect((await sub.ended).code).toBe(130);
    system.child.kill('SIGTERM');
    expect((await system.ended).code).toBe(0);
  });
});

describe('pitwall shadow eval', () => {
  it('answers every sequence of the specification, line by line', async () => {
    const lines = vectors.map(({ id, steps, config }) => JSON.stringify({ id, steps, config }));
    const { code, out } = await desk.run(['shadow', 'eval'], `${lines.join('\n')}\n`);
    expect(code).toBe(0);
    const answers = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; steps: { messages: ShadowMessage[] }[] });
    expect(answers.map(({ id }) => id)).toEqual(vectors.map(({ id }) => id));
    answers.forEach(({ steps }, index) => {
      const said = steps.map(({ messages }) => canonical(messages));
      expect(said).toEqual(vectors[index].steps.map((step) => canonical(step.expect)));
    });
  });

  it('goes on after a line that it cannot serve', async () => {
    const step = (topic: string) => ({ request: { topic, payload: '', at: 1 } });
    const lines = [
      '{"id":1',
      JSON.stringify({ id: 2, steps: [step('not/a/shadow')] }),
      JSON.stringify({ id: 3, steps: [step('$aws/things/car-1/shadow/get')], config: { depth: 3 } }),
      JSON.stringify({ id: 4, steps: [{}] }),
      JSON.stringify({ id: 5, steps: [step('$aws/things/car-1/shadow/get')] }),
    ];
    const { code, out } = await desk.run(['shadow', 'eval'], lines.join('\n'));
    expect(code).toBe(0);
    const answers = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map(({ id, error }) => [id, error?.code ?? null])).toEqual([
      [null, 'PW-USAGE-LINE'],
      [2, 'PW-USAGE-LINE'],
      [3, 'PW-USAGE-LINE'],
      [4, 'PW-USAGE-LINE'],
      [5, null],
    ]);
    expect(answers[4].steps[0].messages[0].payload.code).toBe(404);
  });
});

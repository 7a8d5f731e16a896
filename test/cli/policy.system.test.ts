/** `pitwall policy eval` and `lint` as a user runs them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { policiesOf } from '#certs/policies.js';
import { ROOT } from '../helpers/tree.js';

const dir = mkdtempSync(join(tmpdir(), 'pitwall-policy-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function policy(argv: string[], input = '') {
  const command = [join(ROOT, 'cli/bin.js'), 'policy', ...argv];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    input,
    encoding: 'utf8',
    env: { ...process.env, PITWALL_HOME: join(dir, 'home'), NODE_OPTIONS: '' },
  });
  return { status, lines: stdout.split('\n').filter((line) => line !== ''), stderr };
}

function file(name: string, document: unknown): string {
  const path = join(dir, name);
  writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document, null, 2));
  return path;
}

describe('pitwall policy eval', () => {
  it('answers every vector as expected, in order, and a bad line with an error', () => {
    const { baseContext, vectors } = JSON.parse(readFileSync(join(ROOT, 'test/fixtures/policy.json'), 'utf8')) as {
      baseContext: object;
      vectors: { id: string; policies: unknown; context: object; action: string; resource: string; expect: string }[];
    };
    const lines = vectors.map(({ id, policies, context, action, resource }) =>
      JSON.stringify({ id, policies, context: { ...baseContext, ...context }, action, resource }),
    );
    const { status, lines: answers } = policy(['eval'], ['{"id":"bad"}', ...lines].join('\n'));
    expect(status).toBe(0);
    const [bad, ...rest] = answers.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(bad).toMatchObject({ id: 'bad', error: { code: 'PW-POLICY-REQUEST' } });
    expect(rest.map(({ id, decision }) => [id, decision])).toEqual(vectors.map((each) => [each.id, each.expect]));
    expect(rest[0].statement).toEqual({ policy: 0, statement: 0 });
  });
});

describe('pitwall policy lint', () => {
  it('passes the product’s own car policies', () => {
    const scope = { region: 'eu-west-1', account: '123456789012' };
    const files = policiesOf('car', scope).map(({ name, document }) => file(`${name}.json`, document));
    const { status, lines } = policy(['lint', '--together', '--json', ...files]);
    expect(status).toBe(0);
    const { findings } = JSON.parse(lines[0]) as { findings: { severity: string }[] };
    expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
  });

  it('ends with 1 and the place of each trap', () => {
    const open = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' } };
    const paths = [file('open.json', open), file('broken.json', '{"Statement": }')];
    const { status, lines } = policy(['lint', '--json', ...paths]);
    expect(status).toBe(1);
    expect(JSON.parse(lines[0])).toMatchObject({
      findings: [
        { file: paths[0], rule: 'connect-any-client', severity: 'warning', path: 'Statement.Resource', line: 6 },
        { file: paths[1], rule: 'PW-POLICY-SYNTAX', severity: 'error', path: 'Statement', line: 1, column: 15 },
      ],
    });
    const forPeople = policy(['lint', ...paths]);
    expect(forPeople.status).toBe(1);
    expect(forPeople.lines[0]).toBe(`${paths[0]}:6:17 warning connect-any-client at Statement.Resource`);
  });

  it('ends with 2 for a file that is not there', () => {
    const { status, stderr } = policy(['lint', join(dir, 'absent.json')]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('ENOENT')]);
  });
});

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../helpers/tree.js';

const BIN = join(ROOT, 'cli/bin.js');

/** Makes Node call itself another version before the program runs. */
const pretend = (version: string) =>
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`;

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const done = await promisify(execFile)(process.execPath, argv, { env: { ...process.env, NODE_OPTIONS: '' } }).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      out: error.stdout,
      err: error.stderr,
    }),
  );
  return done;
}

describe('the program itself', () => {
  it.each(['18.20.4', '20.18.3'])('says in one line what to install on Node %s', async (version) => {
    const { code, out, err } = await run('--import', pretend(version), BIN, 'race');
    expect(code).toBe(3);
    expect(out).toBe('');
    expect(err.trim().split('\n')).toEqual([
      `pitwall needs Node 20.19 or newer; this is ${version}. Install Node 20 LTS or 22 LTS.`,
    ]);
  });

  it('prints its help with examples, and usage errors with the nearest match and exit 2', async () => {
    const source = ['--conditions=source', '--import', 'tsx', BIN];
    const help = await run(...source, 'race', '--help');
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toMatch(/Examples:\n {2}\$ pitwall race/);
    expect(help.out).toContain('default 40, env PITWALL_CARS');
    const typo = await run(...source, 'race', '--hedless');
    expect(typo.code).toBe(2);
    expect(typo.err).toContain('--headless');
    const value = await run(...source, 'race', '--cars', 'many');
    expect(value.code).toBe(2);
    expect(value.err).toContain('PW-USAGE-FLAG');
  });

  it('ends quietly when nobody reads on, as `| head` does', async () => {
    const argv = ['--conditions=source', '--import', 'tsx', BIN, 'config', 'show', '--origin'];
    const child = spawn(process.execPath, argv, { env: { ...process.env, NODE_OPTIONS: '' } });
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    const [code] = await once(child, 'close');
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });
});

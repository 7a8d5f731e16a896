import { spawnSync } from 'node:child_process';
import { ROOT } from './tree.js';

/** Compiles once before tests that start the command: what they test is what stands in the sources now. */
export default function setup(): void {
  const { status, stdout } = spawnSync('npm', ['run', '-s', 'build:node'], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The sources cannot be compiled:\n${stdout}`);
}

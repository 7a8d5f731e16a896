import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Files that git tracks, and new ones that it does not ignore: what a clone of this tree will have. */
export function projectFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return listed.split('\n').filter(Boolean);
}

export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g;

/** What a source file imports of ours, as paths from the root without extension; packages are left out. */
export function importsOf(file: string): string[] {
  const found: string[] = [];
  for (const match of read(file).matchAll(IMPORT)) {
    const target = match[1] ?? match[2] ?? match[3];
    if (target.startsWith('.')) found.push(normalize(join(dirname(file), target)).replace(/\.(js|ts)$/, ''));
    else if (target.startsWith('#'))
      found.push(
        target
          .replace(/^#wire\//, 'device/wire/')
          .replace(/^#/, '')
          .replace(/\.js$/, ''),
      );
  }
  return found;
}

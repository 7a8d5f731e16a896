/** Asks Java (`Oracle.java`): Joda-Time, java.time and java.util.regex as they are. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const SOURCE = join(import.meta.dirname, 'Oracle.java');

/** `joda-time.jar`: named by PITWALL_JODA_JAR, as Debian has it, or where `install.sh` put it. */
export function jodaJar(): string | undefined {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return [
    process.env.PITWALL_JODA_JAR ?? '',
    '/usr/share/java/joda-time.jar',
    join(cache, 'pitwall', 'joda-time.jar'),
  ].find(existsSync);
}

/** Whether a JDK is here: a source file is run as it is. */
export function hasJdk(): boolean {
  return spawnSync('javac', ['-version'], { stdio: 'ignore' }).status === 0;
}

/** One answer a case: the fields of it, or undefined where Java refuses. */
export function ask(jar: string, cases: readonly (readonly string[])[]): (string[] | undefined)[] {
  const input = cases.map((fields) => fields.map(escaped).join('\t')).join('\n');
  const { status, stdout, stderr } = spawnSync('java', ['-Xshare:auto', '-cp', jar, SOURCE], {
    input: `${input}\n`,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`Oracle.java ended with ${status}: ${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => (line.startsWith('=') ? line.slice(1).split('\t').map(plain) : undefined));
}

function escaped(text: string): string {
  return text.replace(/[^ -[\]-~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function plain(text: string): string {
  return text.replace(/\\u([0-9a-f]{4})/g, (_escape, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

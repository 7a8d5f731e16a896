/** Java programs around the KCL itself (`*.java`, compiled here), with the jars that `install.sh` has fetched. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { has } from '../../helpers/foreign-clients.js';

const HERE = import.meta.dirname;
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'pitwall', 'kcl');

/** Whether there is a JDK, and the jars of the `pom.xml` that is here. */
export function hasKcl(): boolean {
  const fetched = join(CACHE, 'pom.xml');
  return has('javac', '-version') && existsSync(fetched) && readFileSync(fetched, 'utf8') === readFileSync(POM, 'utf8');
}

const POM = join(HERE, 'pom.xml');

/** Compiles the programs into a folder. */
export function compilePrograms(classes: string): void {
  const sources = readdirSync(HERE).filter((name) => name.endsWith('.java'));
  const argv = ['-d', classes, '-cp', join(CACHE, 'lib', '*'), ...sources.map((name) => join(HERE, name))];
  const { status, stderr } = spawnSync('javac', argv, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`javac: ${stderr}`);
}

/** Arguments of `java` for one of them. Small, and quick to begin. */
export function javaArguments(classes: string, program: string, ...argv: string[]): string[] {
  const classPath = `${classes}:${join(CACHE, 'lib', '*')}`;
  const machine = ['-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  return [...machine, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', classPath, program, ...argv];
}

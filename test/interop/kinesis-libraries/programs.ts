/** Java programs around the KCL and the KPL themselves (`*.java`, compiled here), with the jars that `install.sh` has fetched. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { credentials, region } from '../../cloud/local/local-aws.js';
import { has } from '../../helpers/foreign-clients.js';

const HERE = import.meta.dirname;
const POM = join(HERE, 'pom.xml');
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'pitwall', 'kinesis-libraries');

/** Whether there is a JDK, and the jars of the `pom.xml` that is here. */
export function hasKinesisLibraries(): boolean {
  const fetched = join(CACHE, 'pom.xml');
  return has('javac', '-version') && existsSync(fetched) && readFileSync(fetched, 'utf8') === readFileSync(POM, 'utf8');
}

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
  // The KPL unpacks its daemon there.
  const properties = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', `-Djava.io.tmpdir=${classes}`];
  return [...machine, ...properties, '-cp', classPath, program, ...argv];
}

/** What every SDK reads. */
export const ENVIRONMENT = {
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
};

/**
 * Rules of the tree as a test: data flows down the list of folders, imports point up it (ARCHITECTURE.md), and the walls
 * inside the cloud.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, projectFiles, ROOT, read } from './helpers/tree.js';

const MAY_IMPORT: Record<string, string[]> = {
  'device/wire': [],
  device: ['device/wire'],
  certs: ['device/wire'],
  rules: ['device/wire'],
  cloud: ['device/wire', 'rules', 'certs'],
  simulator: ['device/wire', 'device'],
  cli: ['device/wire', 'device', 'certs', 'rules', 'cloud', 'simulator'],
};

/** Inside the cloud: [folder, what it may see of ours beside itself]. */
const WALLS: Record<string, string[]> = {
  'cloud/race': ['device/wire'],
  'cloud/strategy': ['device/wire', 'cloud/race'],
};

/** Folder → the only folders that may import it. */
const DOORS: Record<string, string[]> = {
  'cloud/local': ['cli', 'cloud/local'],
  'cloud/deploy': ['cli', 'cloud/deploy'],
};

const files = projectFiles();
const sources = files.filter(
  (file) => /^(device|certs|rules|cloud|simulator|cli)\/.*\.ts$/.test(file) && !file.includes('/web/'),
);

function roomOf(path: string): string {
  return path.startsWith('device/wire/') ? 'device/wire' : path.split('/')[0];
}

function within(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

describe('imports', () => {
  it('are seen at all: the check would notice if it read nothing', () => {
    expect(sources.flatMap(importsOf).length).toBeGreaterThan(100);
  });

  it('point up the list of folders only', () => {
    const wrong = sources.flatMap((file) => {
      const room = roomOf(file);
      return importsOf(file)
        .filter((target) => roomOf(target) !== room && !MAY_IMPORT[room].includes(roomOf(target)))
        .map((target) => `${file} → ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('of device are relative, so that the folder can be lifted out whole', () => {
    const wrong = sources.filter((file) => within(file, 'device') && /from '#|import\('#/.test(read(file)));
    expect(wrong).toEqual([]);
  });

  it('keep the walls inside the cloud', () => {
    const wrong = Object.entries(WALLS).flatMap(([folder, allowed]) =>
      sources
        .filter((file) => within(file, folder))
        .flatMap((file) =>
          importsOf(file)
            .filter((target) => !within(target, folder) && !allowed.some((door) => within(target, door)))
            .map((target) => `${file} → ${target}`),
        ),
    );
    expect(wrong).toEqual([]);
  });

  it('reach the stand-ins and the deployment through the command only', () => {
    const wrong = Object.entries(DOORS).flatMap(([folder, allowed]) =>
      sources
        .filter((file) => !allowed.some((door) => within(file, door)))
        .flatMap((file) =>
          importsOf(file)
            .filter((target) => within(target, folder))
            .map((target) => `${file} → ${target}`),
        ),
    );
    expect(wrong).toEqual([]);
  });

  it('form no cycle between files', () => {
    const graph = new Map(sources.map((file) => [file.replace(/\.ts$/, ''), runtimeImportsOf(file)]));
    expect(firstCycle(graph)).toEqual([]);
  });
});

/** Type-only imports are erased and cannot form a cycle at run time; lazy ones are meant to break them. */
function runtimeImportsOf(file: string): string[] {
  const text = read(file);
  return importsOf(file).filter((target) => {
    const name = target
      .split('/')
      .at(-1)!
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`(?:^|\\n)(?:import|export) (?!type )[^;]*?from '[^']*${name}(?:\\.js)?'`).test(text);
  });
}

function firstCycle(graph: Map<string, string[]>): string[] {
  const done = new Set<string>();
  const visit = (file: string, path: string[]): string[] => {
    const seen = path.indexOf(file);
    if (seen >= 0) return [...path.slice(seen), file];
    if (done.has(file)) return [];
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

describe('walls that no import shows', () => {
  it('AWS clients are built in cloud/clients.ts only', () => {
    const wrong = sources.filter(
      (file) =>
        file !== 'cloud/clients.ts' && /new (Kinesis|DynamoDB|IoT|IoTDataPlane|S3|Firehose)Client\(/.test(read(file)),
    );
    expect(wrong).toEqual([]);
  });

  it('product code reads no clock and draws no chance of its own', () => {
    const wrong = sources.filter(
      (file) =>
        !within(file, 'cli') &&
        // Where an agent runs without the command.
        file !== 'device/main.ts' &&
        /\bDate\.now\(\)|\bMath\.random\(\)|new Date\(\)/.test(stripComments(read(file))),
    );
    expect(wrong).toEqual([]);
  });

  it('nothing prints but the command', () => {
    const wrong = sources.filter((file) => !within(file, 'cli') && /\bconsole\./.test(stripComments(read(file))));
    expect(wrong).toEqual([]);
  });
});

function stripComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:])\/\/.*$/gm, '$1');
}

describe('the tree', () => {
  it('has a README in each folder of sources', () => {
    const folders = [...new Set(sources.map((file) => dirname(file)))].filter(
      (folder) => folder.split('/').length <= 2,
    );
    expect(folders.filter((folder) => !existsSync(join(ROOT, folder, 'README.md')))).toEqual([]);
  });

  it('has nothing at the top that the architecture does not name', () => {
    const top = new Set(files.map((file) => file.split('/')[0]));
    const named = [
      'device',
      'cloud',
      'rules',
      'simulator',
      'certs',
      'test',
      'cli',
      'bench',
      'docs',
      'examples',
      '.ci',
      'package.json',
      'package-lock.json',
      'tsconfig.json',
      'tsconfig.build.json',
      'vitest.config.ts',
      'biome.json',
      '.oxlintrc.json',
      '.npmrc',
      '.gitignore',
      'README.md',
      'ARCHITECTURE.md',
      'CHANGELOG.md',
      'LICENSE',
      'NOTICE',
    ];
    expect([...top].filter((name) => !named.includes(name))).toEqual([]);
  });

  it('names no registry in the lock file', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved":/);
  });

  it('names every optional build in the lock file, or npm ci refuses it (npm run lock)', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string>; inBundle?: boolean }>;
    };
    const missing = Object.entries(packages)
      .filter(([, { inBundle }]) => !inBundle)
      .flatMap(([path, { optionalDependencies = {} }]) =>
        Object.entries(optionalDependencies)
          .filter(([, version]) => /^\d/.test(version))
          .filter(([name]) => !(`${path}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages))
          .map(([name]) => name),
      );
    expect(missing).toEqual([]);
  });

  it('ships only permissive licences', () => {
    const lock = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { license?: string; dev?: boolean }>;
    };
    const allowed = /^\(?(MIT|ISC|BSD|Apache-2\.0|0BSD|CC0|Unlicense|BlueOak|Python-2\.0|MIT-0)/;
    const wrong = Object.entries(lock.packages).filter(
      ([path, { license, dev }]) => path && !dev && license && !allowed.test(license),
    );
    expect(wrong.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
  });
});

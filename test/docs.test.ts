import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cliPage, configPage, errorsPage } from '../docs/generate.js';
import { projectFiles, ROOT, read } from './helpers/tree.js';

describe('documents that cannot drift', () => {
  it('docs/errors.md has every code of the registry (npm run docs)', () => {
    expect(read('docs/errors.md')).toBe(errorsPage());
  });

  it('docs/config.md has every setting (npm run docs)', () => {
    expect(read('docs/config.md')).toBe(configPage());
  });

  it('docs/cli.md has every command as its --help prints it (npm run docs)', () => {
    expect(read('docs/cli.md')).toBe(cliPage());
  });

  it('every error code that the sources raise is in the registry, and each one there is raised', () => {
    const sources = projectFiles().filter((file) => /^(device|certs|rules|cloud|simulator|cli)\/.*\.ts$/.test(file));
    const raised = new Set(
      sources
        .filter((file) => !file.endsWith('error-codes.ts'))
        .flatMap((file) => read(file).match(/\bPW-[A-Z]+-[A-Z0-9-]+\b/g) ?? []),
    );
    const registered = new Set(read('device/wire/error-codes.ts').match(/(?<=')PW-[A-Z]+-[A-Z0-9-]+(?=')/g));
    expect([...raised].filter((code) => !registered.has(code))).toEqual([]);
    expect([...registered].filter((code) => !raised.has(code))).toEqual([]);
  });

  it('links between our pages lead somewhere', () => {
    const broken = projectFiles()
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) =>
        [...read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)]
          .filter(([, target]) => !existsSync(join(ROOT, normalize(join(dirname(file), target)))))
          .map(([, target]) => `${file} → ${target}`),
      );
    expect(broken).toEqual([]);
  });
});

/**
 * Run after `npm install`: adds to package-lock.json the builds of optional packages for other platforms that the registry
 * at hand does not have. Without such an entry npm 11 asks the registry for the package, gets none, and `npm ci` refuses the
 * whole lock file as out of sync; with it, npm sees the platform and passes on. Elsewhere the entry installs as usual.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('../package-lock.json', import.meta.url);
const OS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const CPU = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32'];

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const added = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  if (entry.inBundle) continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const parts = name.split(/[-/]/);
    const os = OS.find((known) => parts.includes(known));
    const cpu = CPU.find((known) => parts.includes(known));
    const known = [`${path}/node_modules/${name}`, `node_modules/${name}`].some((at) => at in lock.packages);
    // A range or a name without a platform is an ordinary optional package: npm records those itself.
    if (known || !os || !cpu || !/^\d/.test(version)) continue;
    const libc = parts.some((part) => part.startsWith('musl')) ? { libc: ['musl'] } : {};
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(entry.dev && { dev: true }),
      ...libc,
      optional: true,
      os: [os],
    };
    added.push(`${name}@${version}`);
  }
}
const packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(FILE, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
process.stdout.write(added.length > 0 ? `added ${added.join(', ')}\n` : 'complete\n');

#!/usr/bin/env node
// Plain JavaScript on purpose: this file must be readable by the Node that is too old for the rest.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`pitwall needs Node 20.19 or newer; this is ${process.versions.node}. Install Node 20 LTS or 22 LTS.`);
  process.exit(3);
}
// Which program reads the sources is the package's own `imports`: compiled files unless Node was started with
// `--conditions=source`.
import('#cli/main.js').then(
  ({ main }) => main(process.argv),
  (error) => {
    const unbuilt = error?.code === 'ERR_MODULE_NOT_FOUND' && String(error.url ?? error.message).includes('dist');
    console.error(unbuilt ? 'pitwall is not built yet. Run: npm ci (or npm run build)' : error);
    process.exit(3);
  },
);

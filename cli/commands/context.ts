import { type AwsContext, checkContextName, findContext, LOCAL, readContexts, writeContexts } from '../contexts.js';

export function list(flags: { json?: boolean }): void {
  const { current, contexts } = readContexts();
  const inUse = process.env.PITWALL_CONTEXT ?? current;
  const rows = [
    { name: LOCAL, region: null as string | null },
    ...Object.entries(contexts).map(([name, c]) => ({ name, region: c.region })),
  ];
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ current: inUse, contexts: { [LOCAL]: {}, ...contexts } })}\n`);
    return;
  }
  for (const { name, region } of rows) {
    process.stdout.write(`${name === inUse ? '*' : ' '} ${name.padEnd(20)} ${region ?? 'this machine'}\n`);
  }
}

export function use(name: string): void {
  const contexts = readContexts();
  findContext(contexts, name);
  writeContexts({ ...contexts, current: name });
  process.stderr.write(`Using ${name}.\n`);
}

export function add(name: string, flags: AwsContext): void {
  checkContextName(name);
  const contexts = readContexts();
  contexts.contexts[name] = { region: flags.region, mqttHost: flags.mqttHost, profile: flags.profile };
  writeContexts(contexts);
  process.stderr.write(`Added ${name}. Use it with: pitwall context use ${name}\n`);
}

export function remove(name: string): void {
  checkContextName(name);
  const contexts = readContexts();
  findContext(contexts, name);
  delete contexts.contexts[name];
  writeContexts({ ...contexts, current: contexts.current === name ? LOCAL : contexts.current });
  process.stderr.write(`Removed ${name}.\n`);
}

/**
 * `npm run -s bench -- --json [NAME…]`: one line a figure. Each file beside this one measures one part; a peer, where
 * there is one, runs in the same process run on the same work.
 */
import { cpus } from 'node:os';
import type { Figure } from './figure.js';

const PARTS: Record<string, () => Promise<Figure[]>> = {
  agents: async () => (await import('./agent.js')).agentFigures(),
  arbiter: async () => (await import('./arbiter.js')).arbiterFigures(),
  archive: async () => (await import('./archive.js')).archiveFigures(),
  broker: async () => (await import('./broker.js')).brokerFigures(),
  'broker-idle': async () => (await import('./broker-idle.js')).idleFigures(),
  campaigns: async () => (await import('./campaigns.js')).campaignFigures(),
  can: async () => (await import('./can.js')).canFigures(),
  consumer: async () => (await import('./consumer.js')).consumerFigures(),
  dynamodb: async () => (await import('./dynamodb.js')).dynamodbFigures(),
  'engine-forecast': async () => (await import('./engine-forecast.js')).engineForecastFigures(),
  'engine-memory': async () => (await import('./engine-memory.js')).engineMemoryFigures(),
  failover: async () => (await import('./failover.js')).failoverFigures(),
  frame: async () => (await import('./frame.js')).frameFigures(),
  'frame-size': async () => (await import('./frame-size.js')).frameSizeFigures(),
  journal: async () => (await import('./journal.js')).journalFigures(),
  kinesis: async () => (await import('./kinesis.js')).kinesisFigures(),
  kpl: async () => (await import('./kpl.js')).kplFigures(),
  load: async () => (await import('./load.js')).loadFigures(),
  'monte-carlo': async () => (await import('./monte-carlo.js')).monteCarloFigures(),
  'one-agent': async () => (await import('./one-agent.js')).oneAgentFigures(),
  outage: async () => (await import('./outage.js')).outageFigures(),
  policy: async () => (await import('./policy.js')).policyFigures(),
  producer: async () => (await import('./producer.js')).producerFigures(),
  'quick-answers': async () => (await import('./quick-answers.js')).quickAnswersFigures(),
  rules: async () => (await import('./rules.js')).rulesFigures(),
  s3: async () => (await import('./s3.js')).s3Figures(),
  session: async () => (await import('./session.js')).sessionFigures(),
  tables: async () => (await import('./tables.js')).tableFigures(),
  turbo: async () => (await import('./turbo.js')).turboFigures(),
  'tyre-pace': async () => (await import('./tyre-pace.js')).tyrePaceFigures(),
  world: async () => (await import('./world.js')).worldFigures(),
};

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const json = process.argv.includes('--json');
const unknown = names.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  process.stderr.write(`No bench "${unknown[0]}". There are: ${Object.keys(PARTS).join(', ')}.\n`);
  process.exit(2);
}
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
for (const name of names.length > 0 ? names : Object.keys(PARTS)) {
  for (const figure of await PARTS[name]()) {
    process.stdout.write(json ? `${JSON.stringify({ ...figure, machine })}\n` : `${line(figure)}\n`);
  }
}
process.exit(0);

function line({ name, unit, value, spread, peer, ratio }: Figure): string {
  const beside = peer ? ` · ${peer.name} ${peer.value} (ratio ${ratio})` : '';
  return `${name.padEnd(44)} ${String(value).padStart(10)} ${unit} ± ${spread}${beside}`;
}

import { createInterface } from 'node:readline/promises';
import { createIotClient } from '#cloud/clients.js';
import { applyPlan, planRules, type RuleChange, type RulePlan } from '#cloud/topic-rule-plan.js';
import { rulesOf } from '#rules/catalog.js';
import { PitwallError } from '#wire/errors.js';
import { EXIT } from '../exit.js';
import { cloudOf, remoteError } from '../remote.js';
import { configFor } from './config.js';

interface PlanFlags {
  json?: boolean;
  data?: string;
  roleArn?: string;
  yes?: boolean;
}

const SIGN: Record<RuleChange['change'], string> = { create: '+', replace: '~', delete: '-', none: ' ' };

/** Shows what `apply` would do; exit 1 when there is something. */
export async function plan(flags: PlanFlags): Promise<void> {
  await withPlan(flags, async (found) => {
    print(found, flags.json === true);
    if (pending(found).length > 0) process.exitCode = EXIT.failed;
  });
}

/** Shows the change, asks when it takes something away that is there, does it. */
export async function apply(flags: PlanFlags): Promise<void> {
  await withPlan(flags, async (found, client) => {
    print(found, flags.json === true);
    const changes = pending(found);
    if (changes.length === 0) return;
    const destroys = changes.filter(({ change }) => change !== 'create');
    if (destroys.length > 0 && !flags.yes && !(await agreed(destroys))) {
      process.stderr.write('Nothing was changed.\n');
      process.exitCode = EXIT.failed;
      return;
    }
    await applyPlan(client, found, ({ change, name }) => process.stderr.write(`${SIGN[change]} ${name} done\n`));
  });
}

type Client = Awaited<ReturnType<typeof createIotClient>>;

async function withPlan(flags: PlanFlags, run: (plan: RulePlan, client: Client) => Promise<void>): Promise<void> {
  const { config } = configFor({ data: flags.data });
  const cloud = await cloudOf(config);
  const client = await createIotClient(cloud);
  try {
    await run(
      await planRules(client, rulesOf({ sampleFrames: config.sampleFrames === 1 }), {
        region: cloud.region,
        roleArn: flags.roleArn,
      }),
      client,
    );
  } catch (error) {
    throw remoteError('The topic rules', error);
  } finally {
    client.destroy();
  }
}

function pending({ changes }: RulePlan): RuleChange[] {
  return changes.filter(({ change }) => change !== 'none');
}

function print(found: RulePlan, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(found)}\n`);
    return;
  }
  for (const change of pending(found)) process.stdout.write(`${describe(change)}\n`);
  const unchanged = found.changes.length - pending(found).length;
  const foreign = found.foreign.length > 0 ? `; not pitwall's, left alone: ${found.foreign.join(', ')}` : '';
  process.stdout.write(`${pending(found).length} to change, ${unchanged} as wanted${foreign}\n`);
}

function describe(change: RuleChange): string {
  const head = `${SIGN[change.change]} ${change.name}`;
  switch (change.change) {
    case 'create':
      return `${head}  ${change.rule.sql}`;
    case 'delete':
      return `${head}  ${change.sql}`;
    case 'replace':
      return [
        head,
        ...change.fields.map(
          ({ path, from, to }) => `    ${path}\n      - ${JSON.stringify(from)}\n      + ${JSON.stringify(to)}`,
        ),
      ].join('\n');
    case 'none':
      return head;
  }
}

/** Raises PW-USAGE-FLAG where there is nobody to ask. */
async function agreed(destroys: RuleChange[]): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new PitwallError('PW-USAGE-FLAG', {
      what: `${destroys.length} rules would be replaced or deleted, and nobody is here to agree.`,
      fix: 'Look at it with: pitwall rules plan. Then agree with: pitwall rules apply --yes',
    });
  }
  const asker = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asker.question(`Replace or delete ${destroys.map(({ name }) => name).join(', ')}? (yes/no) `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    asker.close();
  }
}

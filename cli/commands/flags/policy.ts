import type { Command } from 'commander';

/** What identities may do. */
export function addPolicyCommands(program: Command): void {
  const policy = program.command('policy').description('AWS IoT policies: decide offline, and find their traps.');
  policy
    .command('eval')
    .description('Decide requests: JSON lines in, JSON lines out.')
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall policy eval < requests.jsonl
  $ echo '{"id":1,"policies":[{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iot:Connect",
    "Resource":"*"}}],"context":{"clientId":"car-24"},"action":"iot:Connect",
    "resource":"arn:aws:iot:us-east-1:123456789012:client/car-24"}' | tr -d '\\n' | pitwall policy eval

In: {id, policies, context, action, resource}. Out: {id, decision, statement}; statement is the one that decided, counted
from 0. The context has protocol, clientId, sourceIp, cert, attachedThings, connectAttributes, lastWillTopic.`,
    )
    .action(async () => (await import('../policy.js')).evaluate());
  policy
    .command('lint <file...>')
    .description('Find policies that AWS IoT would not take, and those that do not do what they seem to.')
    .option('--together', 'the files are attached to one certificate: their rights add up')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall policy lint car.json
  $ pitwall policy lint --together car.json car-shadows.json --json

Exit 1 when there is an error or a warning; a note alone is none.`,
    )
    .action(async (files, flags) => (await import('../policy.js')).lint(files, flags));
}

import type { Command } from 'commander';
import { setting } from './setting.js';

/** Beside `rules eval`: the rules of the running system, and those of an endpoint. */
export function addRuleTools(rules: Command): void {
  rules
    .command('list')
    .description('Each rule of the running system with its counters: reached, filtered, sent, retried, failed, kept.')
    .option('--json', 'one JSON document: definitions, counters, latency histogram')
    .addOption(setting('data'))
    .addHelpText('after', '\nExamples:\n  $ pitwall rules list\n  $ pitwall rules list --json')
    .action(async (flags) => (await import('../rules-running.js')).list(flags));
  rules
    .command('tap <name>')
    .description(
      'Watch a rule: each message, the value of every clause, rendered templates, what became of the actions.',
    )
    .option('--json', 'one JSON object a message')
    .option('--count <n>', 'stop after so many messages')
    .option('--timeout <seconds>', 'exit 5 when nothing came in this time')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall rules tap events_table
  $ pitwall rules tap frames_live --json --count 3

At most 50 messages a second are looked at; how many more came is told on stderr.`,
    )
    .action(async (name, flags) => (await import('../rules-running.js')).tap(name, flags));
  rules
    .command('redrive')
    .description('Do again what failed: replay the outbox through the running system; exit 1 when something is left.')
    .option('--json', 'the report as one JSON document')
    .addOption(setting('data'))
    .addHelpText('after', '\nExamples:\n  $ pitwall rules redrive\n  $ pitwall rules redrive --json')
    .action(async (flags) => (await import('../rules-running.js')).redrive(flags));
  rules
    .command('test <file>')
    .description('Run a rule on samples; exit 1 when one gives something else than is expected, and show what.')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `
The file is JSON: one suite or a list of them. A suite names a rule of the catalog ("rule") or has "sql" (and "actions"):
  {"rule": "events_table",
   "samples": [{"name": "a lap", "topic": "pitwall/v1/car-1/events", "payload": {"type": "summary"},
                "expect": {"noMatch": true}}]}
"expect" is what \`rules eval\` answers; "context" is as there; "actions" are the rule's, their templates rendered.

Examples:
  $ pitwall rules test rules.test.json
  $ pitwall rules test rules.test.json --json`,
    )
    .action(async (file, flags) => (await import('../rules-test.js')).test(file, flags));
  addPlanCommands(rules);
}

function addPlanCommands(rules: Command): void {
  rules
    .command('plan')
    .description('Show how the topic rules of an endpoint differ from the catalog; exit 1 when they do.')
    .option('--json', 'one JSON document')
    .option('--role-arn <arn>', 'role that AWS IoT assumes; absent: the one that the rules there have')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ pitwall rules plan\n  $ PITWALL_CONTEXT=track pitwall rules plan --role-arn arn:aws:iam::123456789012:role/pitwall-rules',
    )
    .action(async (flags) => (await import('../rules-plan.js')).plan(flags));
  rules
    .command('apply')
    .description('Make the topic rules of an endpoint those of the catalog: shows the change, asks before it destroys.')
    .option('--json', 'the plan as one JSON document')
    .option('--role-arn <arn>', 'role that AWS IoT assumes; absent: the one that the rules there have')
    .option('--yes', 'do not ask')
    .addOption(setting('data'))
    .addHelpText('after', '\nExamples:\n  $ pitwall rules apply\n  $ pitwall rules apply --yes')
    .action(async (flags) => (await import('../rules-plan.js')).apply(flags));
}

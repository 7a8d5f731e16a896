import type { Command } from 'commander';
import { addRuleTools } from './rule-tools.js';

/** The rules engine. */
export function addRulesCommands(program: Command): void {
  const rules = program.command('rules').description('The rules: what AWS IoT SQL makes of a message, and why.');
  rules
    .command('eval')
    .description('Evaluate statements: one JSON object a line on stdin, one answer a line on stdout.')
    .option('--why', 'say on stderr why: the refusal with its place, or the value of each clause')
    .addHelpText(
      'after',
      `
In:  {id, sql, topic, payload, context?, template?}; payload is JSON, or {"base64": …} alone for raw bytes.
Out: {id, result}, or {id, text} with a template; {"error": true} as a result means that the rule ends without actions.

Examples:
  $ echo '{"id":1,"sql":"SELECT lap + 1 AS next FROM \\'t\\'","topic":"t","payload":{"lap":7}}' | pitwall rules eval
  $ echo '{"id":1,"sql":"SELECT * FROM \\'t\\'","topic":"t","payload":{},"template":"\${topic(1)}/x"}' | pitwall rules eval`,
    )
    .action(async (flags) => (await import('../rules-eval.js')).evaluate(flags));
  addRuleTools(rules);
}

/**
 * Writes the reference pages that come from the sources: `npm run docs`. A test compares them, so they cannot drift.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { addCommands } from '#cli/commands/index.js';
import { AWS_KEYS } from '#cli/config/aws-keys.js';
import { IOT_CORE_KEYS } from '#cli/config/iot-core-keys.js';
import { CONFIG_KEYS, type ConfigKey, type ValueCheck } from '#cli/config/keys.js';
import { FAULT_KINDS } from '#cloud/local/faults.js';
import { ERROR_CODES } from '#wire/error-codes.js';

export function errorsPage(): string {
  const entries = Object.entries(ERROR_CODES).sort(([a], [b]) => a.localeCompare(b));
  return [
    '# Error codes',
    '',
    'Codes are stable; messages may be improved at any time. Written from `device/wire/error-codes.ts` by `npm run docs`.',
    '',
    ...entries.flatMap(([code, meaning]) => [`## ${code}`, '', meaning, '']),
  ].join('\n');
}

export function configPage(): string {
  const rows = Object.entries(CONFIG_KEYS).map(
    ([name, key]: [string, ConfigKey]) =>
      `| \`${name}\` | ${key.flag ? `\`${key.flag.split(' ')[0]}\`` : '–'} | \`${key.env}\` | \`${String(key.default)}\` | ${key.meaning} |`,
  );
  return [
    '# Configuration',
    '',
    'Flags win over the environment, that over `pitwall.config.json` of the project (`pitwall init` writes one), that over',
    '`config.json` in `$PITWALL_HOME` or `~/.config/pitwall`, that over the default. `pitwall config show --origin` says where',
    'each value came from. Written from `cli/config/keys.ts` by `npm run docs`.',
    '',
    '| key | flag | environment | default | meaning |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    '## The local streams, tables and objects',
    '',
    'For rehearsing what AWS does seldom. `race` and `local` take any key as `--set KEY=VALUE`. The same `seed` makes the same',
    'faults in the same calls of an operation.',
    '',
    ...groupTable(AWS_KEYS),
    '',
    '| kind of fault | what happens |',
    '|---|---|',
    ...Object.entries(FAULT_KINDS).map(([kind, meaning]) => `| \`${kind}\` | ${meaning} |`),
    '',
    '## The local IoT Core',
    '',
    'Its limits, faults, and where it may be other than AWS. `race` and `local` take any key as `--set KEY=VALUE`; in a file they',
    'may stand inside each other: `{"local": {"iot": {"limits": {"subscriptions": 8}}}}`.',
    '',
    ...groupTable(IOT_CORE_KEYS),
    '',
  ].join('\n');
}

function groupTable(keys: Readonly<Record<string, ConfigKey>>): string[] {
  return [
    '| key | environment | default | values | meaning |',
    '|---|---|---|---|---|',
    ...Object.entries(keys).map(
      ([name, { env, default: initial, check, meaning }]) =>
        `| \`${name}\` | \`${env}\` | \`${String(initial)}\` | ${valuesOf(check)} | ${meaning} |`,
    ),
  ];
}

function valuesOf(check: ValueCheck): string {
  if ('oneOf' in check) return check.oneOf.map((value) => `\`${value}\``).join(' ');
  if ('text' in check) return 'text';
  const [min, max] = 'whole' in check ? check.whole : check.number;
  return max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `${min} to ${max}`;
}

const CLI_HEAD = `# The \`pitwall\` command

Data goes to stdout, talk and progress to stderr; \`--json\` on every command that reads. Exit codes: 0 ok · 1 a check failed ·
2 usage · 3 configuration or credentials · 4 remote service · 5 time-out · 6 a threshold was missed · 130 interrupted (\`race\`
and \`local\` end with 0 on ^C: that is how one ends them). Written from \`cli/commands/flags\` by \`npm run docs\`.
`;

/** Every command as its own --help prints it. */
export function cliPage(): string {
  const program = new Command('pitwall');
  addCommands(program);
  const sections: string[] = [];
  const visit = (command: Command, path: string): void => {
    const name = `${path} ${command.name()}`;
    if (command.commands.length === 0) sections.push(`## ${name}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\`\n`);
    for (const child of command.commands) visit(child, name);
  };
  for (const command of program.commands) visit(command, 'pitwall');
  return `${CLI_HEAD}\n${sections.join('\n')}`;
}

/** Help with the texts that commands add after it: examples. */
function helpOf(command: Command): string {
  const lines: string[] = [];
  command.configureOutput({ writeOut: (text) => lines.push(text), getOutHelpWidth: () => 110 });
  command.outputHelp();
  return lines.join('').trimEnd();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('errors.md', import.meta.url), errorsPage());
  writeFileSync(new URL('cli.md', import.meta.url), cliPage());
  writeFileSync(new URL('config.md', import.meta.url), configPage());
}

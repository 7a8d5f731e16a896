import { Command, CommanderError } from 'commander';
import { describeError, EXIT, exitCodeOf } from './exit.js';

const VERSION = '0.1.0';

/**
 * The `pitwall` command. Each sub-command's work is imported only when it runs, so that `--help` stays fast.
 */
export async function main(argv: string[]): Promise<void> {
  endWithReader();
  const program = new Command('pitwall')
    .description("Race telemetry from the car to the pit wall's decision: on AWS, or whole on this machine.")
    .version(VERSION)
    .showHelpAfterError('(run with --help for examples)')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text) });
  program.addHelpText(
    'after',
    `
Exit codes: 0 ok · 1 a check failed · 2 usage · 3 configuration or credentials · 4 remote service · 5 time-out ·
6 a threshold was missed · 130 interrupted`,
  );

  const { addCommands } = await import('./commands/index.js');
  addCommands(program);
  for (const command of program.commands) inherit(command);

  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version end with 0; everything else that commander refuses is usage.
      process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage);
    }
    process.stderr.write(`${describeError(error, argv.includes('--json'))}\n`);
    process.exit(exitCodeOf(error));
  }
}

/**
 * `pitwall sub … | head`, or a terminal that was closed: nobody reads on. Then end as on ^C, which commands that hold
 * something listen to.
 */
function endWithReader(): void {
  let ended = false;
  // Talk that nobody hears must not stop the work.
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    if (ended) return;
    ended = true;
    if (!process.emit('SIGINT')) process.exit(EXIT.ok);
  });
}

/** commander does not hand these down to commands that were added before they were set. */
function inherit(command: Command): void {
  command.exitOverride().showSuggestionAfterError().showHelpAfterError('(run with --help for examples)');
  for (const child of command.commands) inherit(child);
}

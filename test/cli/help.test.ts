import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addCommands } from '#cli/commands/index.js';

/** Every command that does something, by its words, with the help of all that it is under. */
function leavesOf(command: Command, words: string[] = [], above = ''): { words: string; help: string }[] {
  let help = above;
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  command.outputHelp();
  if (command.commands.length === 0) return [{ words: words.join(' '), help }];
  return command.commands.flatMap((child) => leavesOf(child, [...words, child.name()], help));
}

const program = new Command('pitwall');
addCommands(program);

describe('help', () => {
  const leaves = leavesOf(program);

  it('is seen at all', () => expect(leaves.length).toBeGreaterThan(15));

  it.each(leaves.map(({ words, help }) => [words, help]))(
    'of %s has a line that can be pasted, or says what goes in',
    (words, help) => {
      const group = words.split(' ')[0];
      expect(help).toMatch(new RegExp(`\\$ .*pitwall ${group}|\\nIn: `));
    },
  );
});

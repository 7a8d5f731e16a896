import type { Command } from 'commander';

/** The AWS deployment. */
export function addDeployCommands(program: Command): void {
  const deploy = program.command('deploy').description('The AWS deployment, from the same catalog and resources.');
  deploy
    .command('synth')
    .description('Write CloudFormation templates; needs neither network nor credentials.')
    .option('--out <dir>', 'folder for the templates', 'cdk.out')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExamples:\n  $ pitwall deploy synth\n  $ pitwall deploy synth --out /tmp/templates')
    .action(async (flags) => (await import('../deploy.js')).synthTemplates(flags));
}

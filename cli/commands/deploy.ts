/** `pitwall deploy synth`: the CDK is a build tool, so it is loaded only here. */
export async function synthTemplates(flags: { out: string; json?: boolean }): Promise<void> {
  const { synth } = await import('#cloud/deploy/synth.js');
  const files = await synth(flags.out);
  if (flags.json) process.stdout.write(`${JSON.stringify({ files })}\n`);
  else for (const file of files) process.stdout.write(`${file}\n`);
}

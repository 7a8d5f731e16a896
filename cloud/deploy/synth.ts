import { errorCode, PitwallError } from '#wire/errors.js';

/**
 * Writes the CloudFormation templates of pitwall to a folder. Needs neither account nor network nor credentials; the same
 * sources give the same bytes.
 *
 * @returns paths of the templates written
 * @example await synth('cdk.out') // ['cdk.out/pitwall.template.json']
 * @throws PitwallError `PW-DEPLOY-TOOLKIT` when aws-cdk-lib, a development dependency, is not installed
 */
export async function synth(outDir: string): Promise<string[]> {
  const { writeTemplates } = await importToolkit();
  return writeTemplates(outDir);
}

async function importToolkit(): Promise<typeof import('./stack.js')> {
  try {
    return await import('./stack.js');
  } catch (cause) {
    if (errorCode(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new PitwallError('PW-DEPLOY-TOOLKIT', {
      what: 'aws-cdk-lib cannot be imported.',
      fix: 'Run: npm install --save-dev aws-cdk-lib constructs',
      cause,
    });
  }
}

/** The stack as a whole. Imported by `synth.ts` only, and lazily: aws-cdk-lib is a development dependency. */
import { join } from 'node:path';
import { App, DefaultStackSynthesizer, Stack } from 'aws-cdk-lib';
import { catalog } from '#rules/catalog.js';
import { addDeliveryStreams } from './delivery-streams.js';
import { addCarTemplate, addDevicePolicies } from './device-policies.js';
import { addStorage } from './storage.js';
import { addTopicRules } from './topic-rules.js';

const STACK_NAME = 'pitwall';

/** Synthesises the stack and returns the paths of the templates. */
export function writeTemplates(outDir: string): string[] {
  // What the toolkit would add about itself (its version, the tree of constructs) says nothing about pitwall.
  const app = new App({ outdir: outDir, analyticsReporting: false, treeMetadata: false, stackTraces: false });
  const stack = new Stack(app, STACK_NAME, {
    description: 'Race telemetry: rules, streams, tables, archive and device policies.',
    // The bootstrap version would be a parameter that every deployment looks up; the CLI checks it anyway.
    synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
  });
  const storage = addStorage(stack);
  addDeliveryStreams(stack, storage.archive);
  addTopicRules(stack, catalog, storage);
  addDevicePolicies(stack);
  addCarTemplate(stack);
  return app.synth().stacks.map(({ templateFile }) => join(outDir, templateFile));
}

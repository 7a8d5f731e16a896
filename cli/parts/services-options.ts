import type { Identity } from '#certs/authority.js';
import type { Config } from '../config/keys.js';
import type { DataDir } from '../data-dir.js';
import type { ServicesOptions } from './services.js';

/** The local services as a person has set them, whoever starts them: `race` or `local`. */
export function servicesOptions(config: Config, dir: DataDir, server: Identity): ServicesOptions {
  return {
    awsDir: dir.aws,
    iotDir: dir.iot,
    region: config.region,
    host: config.listen,
    sampleFrames: config.sampleFrames === 1,
    aws: config.aws,
    iotCore: config.iotCore,
    authorizer: config.authorizer,
    provisioningHook: config.provisioningHook,
    lambda: config.lambda,
    eventSources: config.eventSources,
    secrets: config.secrets,
    certsDir: dir.certs,
    server,
  };
}

import { loadConfig } from '#device/config/load.js';
import { startConfigured } from '#device/config/start.js';
import { attend } from '../car/attend.js';
import { machine } from './car.js';

/** `pitwall trackside run`: the agent beside the track, by its configuration. */
export async function run(flags: { json?: boolean; config: string }): Promise<never> {
  const agent = await startConfigured(loadConfig(flags.config), 'trackside', machine('trackside'));
  return attend(agent, { json: flags.json === true });
}

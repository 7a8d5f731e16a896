/** A process to be killed: serves the folder that it is given and prints its URL. */
import { startIn } from './local-aws.js';

const { url } = await startIn(process.argv[2]);
process.stdout.write(`${url}\n`);

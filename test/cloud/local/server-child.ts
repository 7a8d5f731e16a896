/** A process to be killed: serves the folder that it is given, with the options that it is given, and prints its URL. */
import { startIn } from './local-aws.js';

const [, , folder, options] = process.argv;
const { url } = await startIn(folder, JSON.parse(options) as object);
process.stdout.write(`${url}\n`);

/** A process to be killed: a server with a function that writes down what it is given, slowly. Prints its URL. */
import { noteTo, SHORT_SHARDS, serve } from './source-harness.js';

const [, , folder, seenFile] = process.argv;
const { aws } = await serve(folder, { note: noteTo(seenFile) }, SHORT_SHARDS);
process.stdout.write(`${aws.url}\n`);

/** Loads one file in a process of its own, and says how long it took and how much memory there was at most. */
import { join } from 'node:path';
import { createDynamoDBClient } from '#cloud/clients.js';
import { examine } from '#cloud/load/examine.js';
import { loadFile } from '#cloud/load/load.js';
import { TableLoader } from '#cloud/load/table-loader.js';
import { openTarget, targetTable } from '#cloud/load/target-table.js';
import { ensureTable } from '#cloud/provision.js';
import { tables } from '#cloud/resources.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { CREDENTIALS, REGION } from './aws-server.js';

const [url, path, folder] = process.argv.slice(2);
const config = { region: REGION, credentials: CREDENTIALS, endpoints: { dynamodb: url } };
const dynamodb = await createDynamoDBClient(config);
const examined = await examine(path, {});
await ensureTable(dynamodb, tables.state);
const target = await openTarget(dynamodb, targetTable(examined.schema.kind, 'bench', false));
const tableNames = { [target.key]: target.table.name, state: tables.state.name };
const loader = new TableLoader({ dynamodb, tableNames, log: silentLog, wallClock, random: seededRandom(1) });
/** After each tenth of the file: what is constant does not grow. */
const rssMbOnTheWay: number[] = [];
const startMs = performance.now();
const { rows } = await loadFile({
  examined,
  run: 'bench',
  loader,
  checkpointPath: join(folder, 'checkpoint.json'),
  rejectPath: join(folder, 'rejects.jsonl'),
  again: true,
  signal: new AbortController().signal,
  wallClock,
  onProgress: ({ readBytes, fileBytes }) => {
    if (readBytes >= ((rssMbOnTheWay.length + 1) / 10) * fileBytes) {
      rssMbOnTheWay.push(Math.round(process.memoryUsage.rss() / 1_048_576));
    }
  },
});
const seconds = (performance.now() - startMs) / 1000;
const rssMb = Math.round(process.resourceUsage().maxRSS / 1024);
process.send?.({ rows, seconds, rssMb, rssMbOnTheWay }, () => process.exit(0));

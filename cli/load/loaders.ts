import { join, resolve } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { TableLoader } from '#cloud/load/table-loader.js';
import { openTarget, type TargetTable } from '#cloud/load/target-table.js';
import { tables } from '#cloud/resources.js';
import { wallClock } from '#wire/clock.js';
import { createLog } from '../log.js';
import { systemRandom } from '../random.js';

/** Checkpoints and rejected rows, in the data folder. */
const LOAD_FOLDER = 'load';

/** Where a load of that file (or endpoint) into that run keeps its files: what they begin with. */
export function loadPath(data: string, fingerprint: string, run: string): string {
  return join(resolve(data), LOAD_FOLDER, `${fingerprint}-${run.replace(/[^\w.-]/g, '-')}`);
}

/** One loader for each table: it knows what that table takes. */
export class Loaders {
  readonly #dynamodb: DynamoDBClient;
  readonly #made = new Map<string, { loader: TableLoader; provisionedUnits: number | undefined }>();

  constructor(dynamodb: DynamoDBClient) {
    this.#dynamodb = dynamodb;
  }

  async of(target: Pick<TargetTable, 'key' | 'table'>) {
    const { name } = target.table;
    let made = this.#made.get(name);
    if (!made) {
      const { provisionedUnits } = await openTarget(this.#dynamodb, target);
      const loader = new TableLoader({
        dynamodb: this.#dynamodb,
        tableNames: { [target.key]: name, state: tables.state.name },
        provisionedUnits,
        log: createLog('load'),
        wallClock,
        random: systemRandom,
      });
      made = { loader, provisionedUnits };
      this.#made.set(name, made);
    }
    return made;
  }
}

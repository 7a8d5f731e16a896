import type { Clock } from '#wire/clock.js';
import { AwsError } from '../../aws-error.js';
import type { Table, Throughput as ThroughputSetting } from '../engine.js';
import type { TableLimits } from './limits.js';
import { type ExceededLimit, type Kind, Throughput } from './throughput.js';

/** What units are counted for: a table with its local indexes, or one of its global indexes. */
export interface Target {
  table: Table;
  globalIndex?: string;
}

type Rates = Record<Kind, Throughput>;

interface Entry {
  table: Table;
  /** By global index; the table itself is ''. */
  rates: Map<string, Rates>;
}

/** The throughput of all tables. */
export class Capacity {
  readonly #limits: TableLimits;
  readonly #raceClock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(limits: TableLimits, raceClock: Clock) {
    this.#limits = limits;
    this.#raceClock = raceClock;
  }

  /** What a call that needs so many units is told instead; undefined = they can be taken. */
  refusal(target: Target, kind: Kind, units: number, hash: number): AwsError | undefined {
    const rates = this.#rates(target)[kind];
    const limit = rates.exceeded(units, hash, this.#raceClock.nowMs());
    return limit && refusal(target, kind, limit, rates.isOnDemand);
  }

  take(target: Target, kind: Kind, units: number, hash: number): void {
    this.#rates(target)[kind].take(units, hash, this.#raceClock.nowMs());
  }

  /** A table is gone. */
  forget(table: string): void {
    this.#entries.delete(table);
  }

  #rates({ table, globalIndex = '' }: Target): Rates {
    let entry = this.#entries.get(table.TableName);
    // Descriptions are never changed in place: another one is another version of the table, or another table.
    if (entry?.table !== table) {
      entry = this.#fit(table, entry);
      this.#entries.set(table.TableName, entry);
    }
    // An index that was removed under a call that knows it has its table's.
    return entry.rates.get(globalIndex) ?? (entry.rates.get('') as Rates);
  }

  #fit(table: Table, before: Entry | undefined): Entry {
    const known = before?.table.TableId === table.TableId ? before?.rates : undefined;
    const rates = new Map([['', this.#ratesFor(table, table.ProvisionedThroughput, known?.get(''))]]);
    for (const { IndexName, ProvisionedThroughput } of table.GlobalSecondaryIndexes ?? []) {
      rates.set(IndexName, this.#ratesFor(table, ProvisionedThroughput, known?.get(IndexName)));
    }
    return { table, rates };
  }

  #ratesFor(table: Table, setting: ThroughputSetting, known: Rates | undefined): Rates {
    const nowMs = this.#raceClock.nowMs();
    const isOnDemand = table.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST';
    const { ReadCapacityUnits: read, WriteCapacityUnits: write } = setting;
    if (known === undefined || known.Read.isOnDemand !== isOnDemand) {
      const rate = (kind: Kind, units: number) =>
        new Throughput(kind, isOnDemand ? undefined : units, this.#limits, nowMs);
      return { Read: rate('Read', read), Write: rate('Write', write) };
    }
    if (!isOnDemand) {
      known.Read.provision(read, nowMs);
      known.Write.provision(write, nowMs);
    }
    return known;
  }
}

function refusal({ table, globalIndex }: Target, kind: Kind, limit: ExceededLimit, isOnDemand: boolean): AwsError {
  const resource = globalIndex === undefined ? table.TableArn : `${table.TableArn}/index/${globalIndex}`;
  const reasons = [{ reason: `${globalIndex === undefined ? 'Table' : 'Index'}${kind}${limit}`, resource }];
  const what = globalIndex === undefined ? 'your table' : 'one or more global secondary indexes';
  if (isOnDemand) {
    return new AwsError(
      'ThrottlingException',
      `Throughput exceeds the current capacity of ${what}. DynamoDB is automatically scaling, so please try again shortly. If exceptions persist, check if you have a hot key.`,
      400,
      // Of the two errors this one spells its member small.
      { throttlingReasons: reasons },
    );
  }
  return new AwsError(
    'ProvisionedThroughputExceededException',
    globalIndex === undefined
      ? 'The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.'
      : 'The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API.',
    400,
    { ThrottlingReasons: reasons },
  );
}

import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type {
  IoTDataPlaneClient,
  PublishCommandInput,
  UpdateThingShadowCommandInput,
} from '@aws-sdk/client-iot-data-plane';

export function awsError(name: string, httpStatusCode: number): Error {
  return Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
}

type Item = Record<string, AttributeValue>;

interface Input {
  TableName: string;
  Key: Item;
  Item: Item;
  ConditionExpression?: string;
  UpdateExpression?: string;
  ExpressionAttributeValues?: Item;
  RequestItems?: Record<string, { DeleteRequest: { Key: Item } }[]>;
  TransactItems?: { ConditionCheck?: Input; Put?: Input }[];
  KeyConditionExpression?: string;
}

/** One region's tables at the level of `send(command)`: the conditions and updates that the product writes, no more. */
export class FakeDynamoDB {
  readonly tables = new Map<string, Map<string, Item>>();
  readonly calls: string[] = [];
  fault: (name: string, input: Input) => void | Promise<void> = () => {};

  get client(): DynamoDBClient {
    return { send: (command: object) => this.send(command) } as unknown as DynamoDBClient;
  }

  rows(tableName: string): Item[] {
    return [...this.#table(tableName).values()];
  }

  async send(command: object): Promise<unknown> {
    const name = command.constructor.name.replace('Command', '');
    const input = (command as { input: Input }).input;
    this.calls.push(name);
    await this.fault(name, input);
    if (name === 'BatchWriteItem') return this.#batch(input);
    if (name === 'TransactWriteItems') return this.#transact(input);
    const table = this.#table(input.TableName);
    const values = input.ExpressionAttributeValues ?? {};
    switch (name) {
      case 'GetItem':
        return { Item: table.get(keyOf(input.Key)) };
      case 'PutItem':
        check(table.get(keyOf(input.Item)), input.ConditionExpression, values);
        table.set(keyOf(input.Item), structuredClone(input.Item));
        return {};
      case 'UpdateItem': {
        const old = table.get(keyOf(input.Key));
        check(old, input.ConditionExpression, values);
        const item: Item = { ...input.Key, ...old };
        const added = input.UpdateExpression!.startsWith('ADD') ? Number(old?.fence?.N ?? 0) : 0;
        item.fence = { N: String(added + Number(values[':fence'].N)) };
        table.set(keyOf(item), item);
        return { Attributes: item };
      }
      case 'Query': {
        const sk = Object.entries(values).find(([placeholder]) => placeholder !== ':pk')![1].S!;
        const isWanted = input.KeyConditionExpression!.includes('>=')
          ? (own: string) => own >= sk
          : (own: string) => own.startsWith(sk);
        const found = [...table.values()].filter((item) => item.pk.S === values[':pk'].S && isWanted(item.sk.S!));
        return { Items: found.sort((a, b) => (a.sk.S! < b.sk.S! ? -1 : 1)) };
      }
      default:
        throw awsError('UnknownOperationException', 400);
    }
  }

  #transact({ TransactItems = [] }: Input): object {
    try {
      for (const { ConditionCheck, Put } of TransactItems) {
        const action = (ConditionCheck ?? Put)!;
        const item = this.#table(action.TableName).get(keyOf(action.Key ?? action.Item));
        check(item, action.ConditionExpression, action.ExpressionAttributeValues ?? {});
      }
    } catch {
      const CancellationReasons = [{ Code: 'ConditionalCheckFailed' }];
      throw Object.assign(awsError('TransactionCanceledException', 400), { CancellationReasons });
    }
    for (const { Put } of TransactItems) {
      if (Put) this.#table(Put.TableName).set(keyOf(Put.Item), structuredClone(Put.Item));
    }
    return {};
  }

  #batch({ RequestItems }: Input): object {
    for (const [tableName, requests] of Object.entries(RequestItems!)) {
      for (const { DeleteRequest } of requests) this.#table(tableName).delete(keyOf(DeleteRequest.Key));
    }
    return {};
  }

  #table(name: string): Map<string, Item> {
    let table = this.tables.get(name);
    if (!table) {
      table = new Map();
      this.tables.set(name, table);
    }
    return table;
  }
}

function keyOf({ pk, sk }: Item): string {
  return `${pk.S} ${sk.S}`;
}

function check(item: Item | undefined, condition: string | undefined, values: Item): void {
  if (!condition) return;
  const met = condition
    .split(' OR ')
    .some((any) => any.split(' AND ').every((clause) => isMet(clause.trim(), item, values)));
  if (!met) throw awsError('ConditionalCheckFailedException', 400);
}

function isMet(clause: string, item: Item | undefined, values: Item): boolean {
  const missing = /^attribute_not_exists\((\w+)\)$/.exec(clause);
  if (missing) return item?.[missing[1]] === undefined;
  const [name, operator, placeholder] = clause.split(' ');
  const left = item?.[name];
  const right = values[placeholder];
  if (!left || !right) return false;
  if (operator === '<=') return Number(left.N) <= Number(right.N);
  return JSON.stringify(left) === JSON.stringify(right);
}

/** Publishes of the data plane, and updates of shadows, in order. */
export class FakeIotData {
  readonly published: { topic: string; qos: number; message: Record<string, unknown> }[] = [];
  readonly shadows: { thing: string; name: string; desired: Record<string, unknown> }[] = [];
  fault: () => void = () => {};

  get client(): IoTDataPlaneClient {
    type Input = PublishCommandInput | UpdateThingShadowCommandInput;
    const send = async ({ input }: { input: Input }) => {
      this.fault();
      const message = JSON.parse(Buffer.from(input.payload as Uint8Array).toString());
      if ('thingName' in input) {
        this.shadows.push({ thing: input.thingName!, name: input.shadowName!, desired: message.state.desired });
      } else {
        const { topic, qos } = input as PublishCommandInput;
        this.published.push({ topic: topic!, qos: qos!, message });
      }
      return {};
    };
    return { send } as unknown as IoTDataPlaneClient;
  }
}

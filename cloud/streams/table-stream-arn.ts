import { DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PitwallError } from '#wire/errors.js';

/** Where the changes of a table are read. Raises PW-PROVISION-CONFLICT when its stream is off. */
export async function streamArnOf(dynamodb: DynamoDBClient, tableName: string): Promise<string> {
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: tableName }));
  if (Table?.StreamSpecification?.StreamEnabled && Table.LatestStreamArn) return Table.LatestStreamArn;
  throw new PitwallError('PW-PROVISION-CONFLICT', {
    what: `The table ${tableName} has no stream: its changes cannot be followed.`,
    fix: 'Switch its stream on with both images, or deploy the stack again.',
  });
}

/** Child of the Kinesis bench: puts records one by one, each holding when it was put, on the clock that all processes share. */
import { PutRecordCommand } from '@aws-sdk/client-kinesis';
import { createKinesisClient } from '#cloud/clients.js';
import { CREDENTIALS, REGION } from './aws-server.js';

const [url, StreamName, count, pauseMs] = process.argv.slice(2);
const client = await createKinesisClient({ region: REGION, credentials: CREDENTIALS, endpoints: { kinesis: url } });
for (let i = 0; i < Number(count); i++) {
  const Data = Buffer.from(String(process.hrtime.bigint()));
  await client.send(new PutRecordCommand({ StreamName, PartitionKey: `car-${i}`, Data }));
  await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)));
}
client.destroy();

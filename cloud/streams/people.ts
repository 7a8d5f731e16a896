import { type KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { PeopleRecord } from '#wire/race-records.js';
import { actionFor } from './aws-errors.js';

/**
 * Puts what a person said into the race's stream, under the key of its race, and nowhere else (decision 8): the race
 * engine projects it. Resolves when the stream has it. One record, one call: people are slow. Raises PW-STREAM-PUT; the
 * same record may be put again, its `inputId` makes both one.
 *
 * @example
 * await putPeopleRecord(kinesis, streams.race.name, { v: 1, kind: 'session', type: 'close', inputId, race, author, eventTimeMs });
 */
export async function putPeopleRecord(client: KinesisClient, streamName: string, record: PeopleRecord): Promise<void> {
  try {
    await client.send(
      new PutRecordCommand({
        StreamName: streamName,
        PartitionKey: record.race,
        Data: Buffer.from(JSON.stringify(record)),
      }),
    );
  } catch (cause) {
    const action = actionFor(cause);
    throw new PitwallError('PW-STREAM-PUT', {
      what: `The input ${record.inputId} was not written to ${streamName}: ${errorCode(cause)}.`,
      retriable: action === 'retry' || action === 'slowDown',
      cause,
    });
  }
}

import { randomUUID } from 'node:crypto';
import { constraint, serialization } from '../aws-error.js';
import type { Faults } from '../faults.js';
import { list, optionalObject } from '../input.js';
import { isJsonObject, type JsonObject, type Operation } from '../json-service.js';
import { invalidArgument, SLOW_DOWN, slowDown, streamNotFound } from './errors.js';
import type { Hose } from './hose.js';
import type { Hoses } from './hoses.js';
import type { FirehoseLimits } from './limits.js';
import type { Incoming } from './records.js';

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Direct put. What is answered with a RecordId is on disk. */
export function putOperations(
  hoses: Hoses,
  { limits, faults, accountId }: { limits: FirehoseLimits; faults: Faults; accountId: string },
): Record<string, Operation> {
  const takerOf = (input: JsonObject): Hose => {
    const hose = hoses.find(input);
    if (hose.status() !== 'ACTIVE') throw streamNotFound(hose.record.name, accountId);
    if (hose.record.source !== undefined) {
      throw invalidArgument('This operation is not permitted on KinesisStreamAsSource delivery stream type.');
    }
    if (!hose.admitRequest()) throw slowDown();
    return hose;
  };
  return {
    PutRecord: async (input) => {
      const data = dataOf(optionalObject(input, 'Record'), 'record.data', limits);
      const hose = takerOf(input);
      if (!hose.admitRecord(data.length)) throw slowDown();
      await hose.accept([{ data, arrivalMs: hoses.nowMs() }]);
      return { RecordId: randomUUID(), Encrypted: false };
    },
    PutRecordBatch: async (input) => {
      const records = list(input, 'Records', limits.batchRecordsMax).map((record, i) => {
        if (!isJsonObject(record)) throw serialization('Unrecognized collection type');
        return dataOf(record, `records.${i + 1}.member.data`, limits);
      });
      if (records.reduce((sum, { length }) => sum + length, 0) > limits.batchBytesMax) {
        throw invalidArgument('Records size exceeds 4 MB limit');
      }
      const hose = takerOf(input);
      const arrivalMs = hoses.nowMs();
      const accepted: Incoming[] = [];
      let failed = 0;
      const responses = records.map((data) => {
        if (!faults.happens('firehose.PutRecordBatch', 'partial') && hose.admitRecord(data.length)) {
          accepted.push({ data, arrivalMs });
          return { RecordId: randomUUID() };
        }
        failed++;
        return { ErrorCode: 'ServiceUnavailableException', ErrorMessage: SLOW_DOWN };
      });
      if (accepted.length > 0) await hose.accept(accepted);
      return { FailedPutCount: failed, Encrypted: false, RequestResponses: responses };
    },
  };
}

function dataOf(record: JsonObject | undefined, member: string, { recordBytesMax }: FirehoseLimits): Buffer {
  const data = record?.Data;
  if (data === undefined || data === null) throw constraint(null, member, 'Member must not be null');
  if (typeof data !== 'string' || data.length % 4 !== 0 || !BASE64.test(data)) {
    throw serialization('Data is not base64.');
  }
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length > recordBytesMax) {
    throw constraint('[...]', member, `Member must have length less than or equal to ${recordBytesMax}`);
  }
  return bytes;
}

import type { Batch, DiscardReason } from './batch.js';
import { secondsText } from './event.js';

export interface Failure {
  batch: Batch;
  reason: DiscardReason;
  shardId: string;
  streamArn: string;
  functionArn: string;
  requestId: string;
  /** Race-clock epoch ms. */
  nowMs: number;
}

/** What an on-failure destination is told (developer guide, "Retain discarded batch records"): where they are, not what. */
export function failureRecord({ batch, reason, shardId, streamArn, functionArn, requestId, nowMs }: Failure): object {
  const { records, invocations, isUnhandled } = batch;
  const isTable = streamArn.startsWith('arn:aws:dynamodb:');
  const timeText = (ms: number) => (isTable ? secondsText(ms) : new Date(ms).toISOString());
  const [first, last] = [records.at(0), records.at(-1)];
  const info = {
    shardId,
    ...(first && last
      ? {
          startSequenceNumber: first.sequenceNumber,
          endSequenceNumber: last.sequenceNumber,
          approximateArrivalOfFirstRecord: timeText(first.arrivalMs),
          approximateArrivalOfLastRecord: timeText(last.arrivalMs),
        }
      : {}),
    batchSize: records.length,
    streamArn,
  };
  return {
    requestContext: { requestId, functionArn, condition: reason, approximateInvokeCount: invocations },
    ...(invocations > 0 && {
      responseContext: {
        statusCode: 200,
        executedVersion: '$LATEST',
        ...(isUnhandled && { functionError: 'Unhandled' }),
      },
    }),
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    ...(isTable ? { DDBStreamBatchInfo: info } : { KinesisBatchInfo: info }),
  };
}

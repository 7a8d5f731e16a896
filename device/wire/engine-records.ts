/**
 * What the active race engine puts into `pitwall-race` itself (partition key = race): what came of something that it did
 * beside its folds. As a record it is an input like any other, so that a standby, a successor and a replay know the same.
 */
interface EngineInput {
  v: 1;
  race: string;
  /** Under which the race was held, and the how-many-eth under it: one that does not come behind the newest is dropped. */
  fence: number;
  seq: number;
  eventTimeMs: number;
}

/** An accepted call went to its car; dated with its acceptance. */
export interface CallSentRecord extends EngineInput {
  kind: 'callSent';
  callId: string;
  revision: number;
}

/** What simulated races say (`cloud/strategy/answers/forecast-types.ts`), of the state at `eventTimeMs`. */
export interface ForecastRecord extends EngineInput {
  kind: 'forecast';
  forecast: object;
}

export type EngineRecord = CallSentRecord | ForecastRecord;

/** What a record of each kind holds beside what all have. */
export type EngineWord =
  | Pick<CallSentRecord, 'kind' | 'eventTimeMs' | 'callId' | 'revision'>
  | Pick<ForecastRecord, 'kind' | 'eventTimeMs' | 'forecast'>;

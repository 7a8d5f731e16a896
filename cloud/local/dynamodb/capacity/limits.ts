/**
 * What DynamoDB refuses as too much (developer guide, "Read/write capacity mode", "Burst and adaptive capacity", "Service quotas"). On
 * by default; rates count on the race clock, so that a race at 10 × speed meets the limits of 1 ×.
 */
export interface TableLimits {
  /** Provisioned capacity that was not used is kept for that long. */
  burstSeconds: number;
  /** Of one partition, whatever the table's capacity: what one hot key can get. */
  partitionWriteUnits: number;
  partitionReadUnits: number;
  /** What a new table on demand takes at once. It takes twice its previous peak once that is `peakAgeMs` old. */
  onDemandWriteUnits: number;
  onDemandReadUnits: number;
  peakAgeMs: number;
  /** Per table or index on demand, of each kind. */
  onDemandUnitsMax: number;
  /** Decreases of provisioned capacity in one UTC day; after these one an hour. */
  decreasesPerDay: number;
}

export const TABLE_LIMITS: TableLimits = {
  burstSeconds: 300,
  partitionWriteUnits: 1_000,
  partitionReadUnits: 3_000,
  onDemandWriteUnits: 4_000,
  onDemandReadUnits: 12_000,
  peakAgeMs: 30 * 60_000,
  onDemandUnitsMax: 40_000,
  decreasesPerDay: 4,
};

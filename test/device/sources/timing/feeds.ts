/** A live feed under green, and a vehicle in it, with what a test is about. */
export function liveFeed(elapsedS: number, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { race_id: 1, run_id: 5, lap_number: 3, elapsed_time: elapsedS, flag_state: 1, vehicles: [], ...fields };
}

export function vehicle(number: string, laps: number, elapsedS: number, fields: Record<string, unknown> = {}) {
  return {
    vehicle_number: number,
    laps_completed: laps,
    vehicle_elapsed_time: elapsedS,
    last_lap_time: 30,
    running_position: 1,
    status: 1,
    is_on_track: true,
    pit_stops: [],
    ...fields,
  };
}

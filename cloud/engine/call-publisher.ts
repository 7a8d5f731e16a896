import { type IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import type { CallState, RaceState } from '#cloud/race/types.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { topics } from '#wire/topics.js';

/** Calls that a person accepted and that may go to the car, but of which it is not known that they went. */
export function callsToSend(state: RaceState): CallState[] {
  if (state.session.pitToCar === 'none') return [];
  return Object.values(state.calls).filter(
    (call) => call.status === 'accepted' && state.entries[call.call.entry]?.roster.thing,
  );
}

/**
 * Publishes a call to its car, QoS 1. Sent twice does no harm: the car knows a call by its id and revision (decision 11).
 * False when it could not be published: the engine tries again.
 */
export async function publishCall(
  iotData: IoTDataPlaneClient,
  state: RaceState,
  { call }: CallState,
  log: Log,
): Promise<boolean> {
  const thing = state.entries[call.entry]?.roster.thing;
  if (!thing) return false;
  try {
    const payload = Buffer.from(JSON.stringify(call));
    await iotData.send(new PublishCommand({ topic: topics.calls(thing), qos: 1, payload }));
    return true;
  } catch (error) {
    log.warn('A call could not be sent to the car; it is tried again.', {
      callId: call.callId,
      thing,
      code: errorCode(error),
    });
    return false;
  }
}

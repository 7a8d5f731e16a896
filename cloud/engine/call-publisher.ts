import { type IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { transition } from '#cloud/race/calls.js';
import type { CallState, RaceState, RaceTrigger } from '#cloud/race/types.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { topics } from '#wire/topics.js';

/** Calls that a person accepted and that may go to the car, but have not gone yet. */
export function callsToSend(state: RaceState): CallState[] {
  if (state.session.pitToCar === 'none') return [];
  return Object.values(state.calls).filter(
    (call) => call.status === 'accepted' && state.entries[call.call.entry]?.roster.thing,
  );
}

/**
 * Publishes an accepted call to its car, QoS 1, and moves it to `sent`, dated with the acceptance: a replay then gives the
 * same state. Sent twice does no harm: the car knows a call by its id and revision (decision 12). Undefined when it could
 * not be published; the call stays accepted and the engine tries again.
 */
export async function sendCall(
  iotData: IoTDataPlaneClient,
  state: RaceState,
  { call, history }: CallState,
  log: Log,
): Promise<RaceTrigger | undefined> {
  const thing = state.entries[call.entry]?.roster.thing;
  if (!thing) return undefined;
  try {
    const payload = Buffer.from(JSON.stringify(call));
    await iotData.send(new PublishCommand({ topic: topics.calls(thing), qos: 1, payload }));
  } catch (error) {
    log.warn('A call could not be sent to the car; it is tried again.', {
      callId: call.callId,
      thing,
      code: errorCode(error),
    });
    return undefined;
  }
  const { atMs } = history[history.length - 1];
  if (!transition(state, call.callId, 'sent', 'engine', atMs)) return undefined;
  return { type: 'call', callId: call.callId, status: 'sent', atMs };
}

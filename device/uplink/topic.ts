import type { RecordKind } from '../journal/record.js';
import type { Lane } from '../wire/messages.js';
import { topics } from '../wire/topics.js';

/** Where a record goes. Only frames have lanes; JSON is sent again on its own topic. */
export function topicOf(kind: RecordKind, thing: string, lane: Lane): string {
  switch (kind) {
    case 'frame':
      return topics.frames(thing, lane);
    case 'schema':
      return topics.schema(thing);
    case 'event':
      return topics.events(thing);
    case 'timing':
      return topics.timing(thing);
    case 'callAck':
      return topics.callsAck(thing);
  }
}

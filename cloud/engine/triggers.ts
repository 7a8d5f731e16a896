import type { RaceState, RaceTrigger } from '#cloud/race/types.js';

/** What an answer was asked on, as kept with it: `lap 24/37`, `flag yellow`, `call 24-1 accepted`. */
export function triggerText(trigger: RaceTrigger): string {
  switch (trigger.type) {
    case 'lap':
      return `lap ${trigger.entry}/${trigger.lap.lap}`;
    case 'flag':
      return `flag ${trigger.flag}`;
    case 'stop':
      return `stop ${trigger.entry}/${trigger.stop.lap}`;
    case 'retired':
      return `retired ${trigger.entry}`;
    case 'session':
      return `session ${trigger.phase}`;
    case 'call':
      return `call ${trigger.callId} ${trigger.status}`;
    case 'fact':
      return `fact ${trigger.entry ?? 'race'}`;
    case 'recount':
      return `recount ${trigger.entry}/${trigger.lap}`;
    case 'provisional':
      return `lap ${trigger.entry}/${trigger.lap}, by the car`;
  }
}

/** Whether an answer for our own cars may change by it at once; not by a lap or stop of another one. */
export function concernsUs({ entries }: RaceState, trigger: RaceTrigger): boolean {
  switch (trigger.type) {
    case 'lap':
    case 'stop':
    case 'retired':
    case 'provisional':
      return entries[trigger.entry]?.roster.own ?? false;
    default:
      return true;
  }
}

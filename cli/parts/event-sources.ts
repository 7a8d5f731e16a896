import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AwsError } from '#cloud/local/aws-error.js';
import type { EventSources } from '#cloud/local/lambda/sources/event-sources.js';
import { PitwallError } from '#wire/errors.js';

/** A mapping as CreateEventSourceMapping takes it; a source may also be written `stream/NAME` or `table/NAME`. */
type EventSourceInput = Record<string, unknown>;

const FIX = 'Write it as [{"FunctionName": …, "EventSourceArn": "table/NAME", "StartingPosition": "LATEST"}, …].';

/** The event source mappings of a file; none for `none`. Rejects with PW-CONFIG-FILE. */
export async function eventSourcesOf(path: string | undefined): Promise<EventSourceInput[]> {
  if (path === undefined || path === 'none') return [];
  try {
    return z.array(z.record(z.string(), z.unknown())).parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new PitwallError('PW-CONFIG-FILE', { what: `eventSources: ${path} is no list as JSON.`, fix: FIX, cause });
  }
}

/** Makes them be there, and those of an earlier file be gone. Rejects with PW-CONFIG-FILE. */
export async function declareEventSources(sources: EventSources, inputs: EventSourceInput[]): Promise<void> {
  try {
    await sources.declare(inputs);
  } catch (cause) {
    if (!(cause instanceof AwsError)) throw cause;
    throw new PitwallError('PW-CONFIG-FILE', {
      what: `eventSources: ${cause.message}`,
      why: cause.code,
      fix: FIX,
      cause,
    });
  }
}

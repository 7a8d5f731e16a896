import { join } from 'node:path';
import { type Fetch, fetchDocument } from '../deployments/fetch-document.js';
import { readIfThere, replaceFile } from '../files.js';
import { checked } from '../setup/checked.js';
import { DOCUMENT_REF } from '../setup/document-ref.js';
import type { Log } from '../wire/log.js';
import type { Random } from '../wire/random.js';
import type { LocalBus } from './bus.js';
import type { Component } from './component.js';
import { PracticeSheet, SHEET_DOCUMENT, type SheetDocument, type SheetLap, type SheetState } from './practice-sheet.js';

/** Topics on the local bus. */
export const BUS_TOPICS = {
  /** `SheetLap`: the beacon saw the line. */
  laps: 'laps/car',
  /** JSON text as it came down: `{v: 1, kind: 'sheet', sha256, url}`. */
  sheetRefs: 'sheets/refs',
  /** `SheetRow`: a lap compared, for whatever shows it to the driver. */
  rows: 'sheets/rows',
} as const;

export interface SheetComponentOptions {
  bus: LocalBus;
  /** Folder of the agent. */
  dataDir: string;
  random: Random;
  log: Log;
  /** Default: Node's own. */
  fetch?: Fetch;
}

/** Where the sheet stands in the agent's folder, for `pitwall car sheet`. */
function sheetPath(dataDir: string): string {
  return join(dataDir, 'sheet.json');
}

/** The practice sheet as a component: hears laps on the bus, keeps the sheet on disk, and says each row at once. */
export function sheetComponent(options: SheetComponentOptions): Component {
  const { bus, dataDir, log, random } = options;
  const ends: (() => void)[] = [];
  async function fetchSheet(text: string, signal: AbortSignal): Promise<SheetDocument> {
    const { v: _v, kind: _kind, ...ref } = JSON.parse(text) as Record<string, unknown>;
    const bytes = await fetchDocument(checked(DOCUMENT_REF, ref), { random, signal, fetch: options.fetch });
    return checked(SHEET_DOCUMENT, JSON.parse(Buffer.from(bytes).toString('utf8')));
  }
  return {
    name: 'sheet',
    start(signal) {
      const sheet = new PracticeSheet(readSheet(dataDir));
      const keep = () => replaceFile(sheetPath(dataDir), JSON.stringify(sheet.state), false);
      ends.push(
        bus.subscribe(BUS_TOPICS.laps, (_topic, lap) => {
          bus.publish(BUS_TOPICS.rows, sheet.add(lap as SheetLap));
          keep();
        }),
        bus.subscribe(BUS_TOPICS.sheetRefs, (_topic, text) => {
          fetchSheet(String(text), signal).then(
            (reference) => {
              sheet.compareWith(reference);
              keep();
            },
            // A sheet that cannot be had leaves the driver with the car's own times.
            (error: Error) => log.warn('sheet: not taken', { error: error.message }),
          );
        }),
      );
    },
    stop() {
      for (const end of ends.splice(0)) end();
    },
  };
}

/** The sheet of an agent's folder; undefined when there is none, or none that can be read. */
export function readSheet(dataDir: string): SheetState | undefined {
  try {
    const text = readIfThere(sheetPath(dataDir));
    const state = text === undefined ? undefined : (JSON.parse(text) as SheetState);
    return state?.v === 1 ? state : undefined;
  } catch {
    return undefined;
  }
}

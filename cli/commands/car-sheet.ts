import { join, resolve } from 'node:path';
import { readSheet } from '#device/components/sheet-component.js';
import { sheetText } from '#device/components/sheet-text.js';
import { PitwallError } from '#wire/errors.js';
import { THING_NAME } from '#wire/identity.js';
import { configFor } from './config.js';

interface SheetFlags {
  json?: boolean;
  data?: string;
  agent?: string;
}

/** Prints the practice sheet that a car's agent keeps: laps and sectors against its best, its ideal lap, a sheet from the team. */
export async function sheet(thing: string, { json, data, agent }: SheetFlags): Promise<void> {
  if (!THING_NAME.test(thing)) throw new PitwallError('PW-USAGE-ARGUMENT', { what: `"${thing}" is not a thing name.` });
  const dataDir = agent ?? join(resolve(configFor({ data }).config.data), 'agents', thing);
  const state = readSheet(dataDir);
  if (!state) {
    throw new PitwallError('PW-CONFIG-DATA', {
      what: `${dataDir} has no practice sheet.`,
      why: 'The agent writes it when the car crosses the line.',
      fix: 'Give the data folder of the race by --data, or that of the agent by --agent.',
    });
  }
  process.stdout.write(json ? `${JSON.stringify(state)}\n` : `${sheetText(state).join('\n')}\n`);
}

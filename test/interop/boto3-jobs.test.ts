/** Jobs by boto3, for operators and devices, by the environment that `pitwall local` prints. pip: boto3. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalReady } from '#cli/commands/local.js';
import { Desk } from '../cli/command.js';
import { INSTALL, jsonOf, pythonWith } from '../helpers/foreign-clients.js';

const python = pythonWith('boto3');
const SCRIPT = fileURLToPath(new URL('./boto3_jobs.py', import.meta.url));

describe.skipIf(!python)(`boto3, jobs${python ? '' : `: not on this machine; ${INSTALL}`}`, () => {
  const desk = new Desk();
  let ready: LocalReady;
  beforeAll(async () => {
    ({ ready } = await desk.local(1));
  });
  afterAll(() => desk.close());

  it('creates a job, does it and deletes it, and gets AWS’s errors', async () => {
    expect(await jsonOf(python!, [SCRIPT], ready.env)).toEqual({
      again: ['ResourceAlreadyExistsException', 409],
      pending: ['upload'],
      started: ['IN_PROGRESS', 2, { operation: 'upload', run: 7 }, 'car-1'],
      mismatch: ['VersionConflictException', 409],
      state: { status: 'SUCCEEDED', statusDetails: { step: 'zip' }, versionNumber: 3 },
      terminal: ['TerminalStateException', 410],
      next: null,
      job: ['COMPLETED', 1],
      gone: ['ResourceNotFoundException', 404],
    });
  });
});

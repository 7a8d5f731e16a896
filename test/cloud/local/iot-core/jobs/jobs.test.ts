import { describe, expect, it } from 'vitest';
import {
  cancelExecution,
  cancelJob,
  createJob,
  deleteExecution,
  deleteJob,
} from '#cloud/local/iot-core/jobs/control.js';
import { answerDevice } from '#cloud/local/iot-core/jobs/device.js';
import type { ExecutionStatus, Job, JobExecution } from '#cloud/local/iot-core/jobs/model.js';
import { JobNotices } from '#cloud/local/iot-core/jobs/notices.js';
import { expire, followDirectory } from '#cloud/local/iot-core/jobs/progress.js';
import { JobRejection } from '#cloud/local/iot-core/jobs/rejection.js';
import { JobTable } from '#cloud/local/iot-core/jobs/table.js';
import { parseJobsTopic } from '#cloud/local/iot-core/jobs/topics.js';

const account = { region: 'eu-west-1', accountId: '000000000000' };
const arn = (kind: 'thing' | 'thinggroup', name: string) => `arn:aws:iot:eu-west-1:000000000000:${kind}/${name}`;
const MINUTE_MS = 60_000;
const T0 = 1_700_000_000_000;

/** Two cars in a group `field`, a third outside it. */
class Pits {
  readonly things = new Set(['car-1', 'car-2', 'car-3']);
  readonly field = new Set(['car-1', 'car-2']);
  readonly table = new JobTable();
  nowMs = T0;

  readonly directory = {
    hasThing: (name: string) => this.things.has(name),
    thingsInGroup: (name: string) => (name === 'field' ? [...this.field] : undefined),
    onChange: () => () => {},
  };

  create(jobId: string, options: Partial<Job> & { inProgressTimeoutMinutes?: number } = {}): Job {
    return createJob(
      this.table,
      this.directory,
      account,
      { jobId, targets: [arn('thing', 'car-1')], document: '{"do":"it"}', targetSelection: 'SNAPSHOT', ...options },
      this.nowMs++,
    );
  }

  ask(topic: string, body: Record<string, unknown> = {}): Record<string, unknown> {
    const request = parseJobsTopic(`$aws/things/car-1/jobs/${topic}`);
    return answerDevice(this.table, request!, body, 'mqtt', this.nowMs++);
  }

  status(jobId: string, thing = 'car-1'): ExecutionStatus | undefined {
    return this.table.execution(thing, jobId)?.status;
  }

  /** Code of the rejection; 'accepted' without one. */
  code(topic: string, body: Record<string, unknown> = {}): string {
    return codeOf(() => this.ask(topic, body));
  }
}

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('topics of jobs', () => {
  const read = (rest: string) => parseJobsTopic(`$aws/things/car-1/jobs/${rest}`)?.operation;

  it('are the four operations of a device', () => {
    expect(['get', 'start-next', 'j/get', '$next/get', 'j/update'].map(read)).toEqual([
      'getPending',
      'startNext',
      'describe',
      'describe',
      'update',
    ]);
  });

  it('that only AWS publishes to are none', () => {
    expect(['notify', 'notify-next', 'get/accepted', 'j/update', 'j/update/rejected'].map(read)).toEqual([
      undefined,
      undefined,
      undefined,
      'update',
      undefined,
    ]);
  });

  it('that are no operation are known as such', () => {
    expect(['finish', 'j/finish', 'a b/get', '$next/update'].map(read)).toEqual(Array(4).fill('invalid'));
  });
});

describe('a device', () => {
  it('sees what is pending: in progress first, then in the order of queueing', () => {
    const pits = new Pits();
    for (const jobId of ['a', 'b', 'c']) pits.create(jobId);
    pits.ask('c/update', { status: 'IN_PROGRESS' });
    const { inProgressJobs, queuedJobs } = pits.ask('get') as Record<string, { jobId: string }[]>;
    expect(inProgressJobs.map(({ jobId }) => jobId)).toEqual(['c']);
    expect(queuedJobs.map(({ jobId }) => jobId)).toEqual(['a', 'b']);
    expect(pits.ask('$next/get')).toMatchObject({ execution: { jobId: 'c', jobDocument: { do: 'it' } } });
  });

  it('starts the next one with its details and version; again, it gets it unchanged', () => {
    const pits = new Pits();
    pits.create('a');
    const started = pits.ask('start-next', { statusDetails: { step: 'download' } });
    expect(started).toEqual({
      execution: {
        jobId: 'a',
        status: 'IN_PROGRESS',
        statusDetails: { step: 'download' },
        queuedAt: T0 / 1000,
        startedAt: T0 / 1000,
        lastUpdatedAt: T0 / 1000,
        executionNumber: 1,
        versionNumber: 2,
        jobDocument: { do: 'it' },
      },
    });
    expect(pits.ask('start-next', { statusDetails: { step: 'other' } })).toEqual(started);
  });

  it('with nothing to do gets answers without an execution', () => {
    const pits = new Pits();
    expect([pits.ask('start-next'), pits.ask('$next/get')]).toEqual([{}, {}]);
  });

  it('reports, keeps details that it does not repeat, and gets what it asks for', () => {
    const pits = new Pits();
    pits.create('a');
    pits.ask('a/update', { status: 'IN_PROGRESS', statusDetails: { progress: '10' }, expectedVersion: '1' });
    const answer = pits.ask('a/update', {
      status: 'SUCCEEDED',
      expectedVersion: 2,
      includeJobExecutionState: true,
      includeJobDocument: true,
    });
    expect(answer).toEqual({
      executionState: { status: 'SUCCEEDED', statusDetails: { progress: '10' }, versionNumber: 3 },
      jobDocument: { do: 'it' },
    });
    expect(pits.table.job('a')?.status).toBe('COMPLETED');
  });

  it.each(['SUCCEEDED', 'FAILED', 'REJECTED'])('may end what is queued as %s, and no end can be left', (status) => {
    const pits = new Pits();
    pits.create('a');
    expect(pits.code('a/update', { status })).toBe('accepted');
    expect(pits.status('a')).toBe(status);
    for (const next of ['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED']) {
      expect(pits.code('a/update', { status: next })).toBe('InvalidStateTransition');
    }
    expect(pits.code('a/get')).toBe('TerminalStateReached');
  });

  it('is told the state when it misjudged the version', () => {
    const pits = new Pits();
    pits.create('a');
    let rejection: unknown;
    try {
      pits.ask('a/update', { status: 'IN_PROGRESS', expectedVersion: 7 });
    } catch (error) {
      rejection = error;
    }
    expect(rejection).toBeInstanceOf(JobRejection);
    expect(rejection).toMatchObject({ code: 'VersionMismatch', execution: { status: 'QUEUED', versionNumber: 1 } });
    expect(pits.status('a')).toBe('QUEUED');
  });

  it.each([
    ['b/update', { status: 'SUCCEEDED' }, 'ResourceNotFound'],
    ['a/update', { status: 'SUCCEEDED', executionNumber: 2 }, 'ResourceNotFound'],
    ['a/update', {}, 'InvalidRequest'],
    ['a/update', { status: 'CANCELED' }, 'InvalidRequest'],
    ['a/update', { status: 'FAILED', statusDetails: { why: 5 } }, 'InvalidRequest'],
    ['a/update', { status: 'FAILED', statusDetails: { 'a b': 'c' } }, 'InvalidRequest'],
    ['a/update', { status: 'FAILED', expectedVersion: 'two' }, 'InvalidRequest'],
    ['a/update', { status: 'IN_PROGRESS', stepTimeoutInMinutes: 0 }, 'InvalidRequest'],
    ['a/get', { includeJobDocument: 'yes' }, 'InvalidRequest'],
    ['finish', {}, 'InvalidTopic'],
  ])('%s %j → %s', (topic, body, code) => {
    const pits = new Pits();
    pits.create('a');
    expect(pits.code(topic, body)).toBe(code);
  });

  it('describes without the document when it asks so', () => {
    const pits = new Pits();
    pits.create('a');
    expect(pits.ask('a/get', { includeJobDocument: false }).execution).not.toHaveProperty('jobDocument');
  });
});

describe('timers', () => {
  it('of the job run from the start of the execution', () => {
    const pits = new Pits();
    pits.create('a', { inProgressTimeoutMinutes: 5 });
    pits.nowMs += 60 * MINUTE_MS;
    expect(expire(pits.table, pits.nowMs)).toBe(0);
    const startedMs = pits.nowMs;
    pits.ask('start-next');
    expect(expire(pits.table, startedMs + 5 * MINUTE_MS - 1)).toBe(0);
    expect(expire(pits.table, startedMs + 5 * MINUTE_MS)).toBe(1);
    expect(pits.status('a')).toBe('TIMED_OUT');
    expect(pits.table.job('a')?.status).toBe('COMPLETED');
    expect(pits.code('a/update', { status: 'SUCCEEDED' })).toBe('InvalidStateTransition');
  });

  it('of a step are set anew by each update that names one, and ended by −1', () => {
    const pits = new Pits();
    pits.create('a');
    pits.nowMs = T0;
    pits.ask('start-next', { stepTimeoutInMinutes: 1 });
    pits.nowMs = T0 + 30_000;
    expect(pits.ask('a/get').execution).toMatchObject({ approximateSecondsBeforeTimedOut: 30 });
    pits.nowMs = T0 + 30_000;
    pits.ask('a/update', { status: 'IN_PROGRESS', stepTimeoutInMinutes: 1 });
    expect(expire(pits.table, T0 + 60_000)).toBe(0);
    pits.ask('a/update', { status: 'IN_PROGRESS' });
    expect(pits.table.execution('car-1', 'a')?.stepDeadlineMs).toBe(T0 + 90_000);
    pits.ask('a/update', { status: 'IN_PROGRESS', stepTimeoutInMinutes: -1 });
    expect(expire(pits.table, T0 + 1e9)).toBe(0);
  });

  it('of both kinds: the earlier one ends it', () => {
    const pits = new Pits();
    pits.create('a', { inProgressTimeoutMinutes: 2 });
    pits.nowMs = T0;
    pits.ask('start-next', { stepTimeoutInMinutes: 10 });
    expect(expire(pits.table, T0 + 2 * MINUTE_MS)).toBe(1);
  });
});

describe('an operator', () => {
  it('creates for things and groups, each thing once', () => {
    const pits = new Pits();
    pits.create('a', { targets: [arn('thing', 'car-1'), arn('thinggroup', 'field')] });
    expect(pits.table.executionsOfJob('a').map(({ thingName }) => thingName)).toEqual(['car-1', 'car-2']);
  });

  it.each([
    [{ targets: [] }, 'InvalidRequestException'],
    [{ targets: ['car-1'] }, 'InvalidRequestException'],
    [{ targets: [arn('thing', 'car-9')] }, 'ResourceNotFoundException'],
    [{ targets: [arn('thinggroup', 'none')] }, 'ResourceNotFoundException'],
    [{ document: '{' }, 'InvalidRequestException'],
    [{ document: `"${'x'.repeat(32 * 1024)}"` }, 'LimitExceededException'],
    [{ jobId: 'taken' }, 'ResourceAlreadyExistsException'],
  ])('is refused %j', (options: Partial<Job>, code) => {
    const pits = new Pits();
    pits.create('taken');
    expect(codeOf(() => pits.create('a', options))).toBe(code);
    expect(pits.table.jobCount).toBe(1);
  });

  it('cancels what is queued; what is in progress only by force', () => {
    const pits = new Pits();
    pits.create('a', { targets: [arn('thinggroup', 'field')] });
    pits.ask('start-next');
    cancelJob(pits.table, { jobId: 'a', force: false, reasonCode: 'RAIN' }, pits.nowMs);
    expect([pits.status('a', 'car-1'), pits.status('a', 'car-2')]).toEqual(['IN_PROGRESS', 'CANCELED']);
    expect(pits.table.job('a')).toMatchObject({ status: 'CANCELED', reasonCode: 'RAIN' });
    expect(pits.code('a/update', { status: 'SUCCEEDED' })).toBe('accepted');
    expect(pits.table.job('a')?.status).toBe('CANCELED');

    pits.create('b');
    pits.ask('start-next');
    cancelJob(pits.table, { jobId: 'b', force: true }, pits.nowMs);
    expect(pits.table.execution('car-1', 'b')).toMatchObject({ status: 'CANCELED', forceCanceled: true });
  });

  it('cannot cancel what is completed, nor delete what is not at its end', () => {
    const pits = new Pits();
    pits.create('a');
    expect(codeOf(() => deleteJob(pits.table, 'a', false))).toBe('InvalidStateTransitionException');
    pits.ask('a/update', { status: 'FAILED' });
    expect(codeOf(() => cancelJob(pits.table, { jobId: 'a', force: true }, 0))).toBe('InvalidRequestException');
    deleteJob(pits.table, 'a', false);
    expect([pits.table.jobCount, pits.table.executionCount]).toEqual([0, 0]);
    expect(codeOf(() => deleteJob(pits.table, 'a', true))).toBe('ResourceNotFoundException');
  });

  it('cancels and deletes single executions under the same rules', () => {
    const pits = new Pits();
    pits.create('a');
    const one = { thingName: 'car-1', jobId: 'a' };
    const cancel = (more: object) =>
      codeOf(() => cancelExecution(pits.table, { ...one, force: false, ...more }, pits.nowMs));
    const remove = (more: object) =>
      codeOf(() => deleteExecution(pits.table, { ...one, executionNumber: 1, force: false, ...more }, pits.nowMs));
    pits.ask('start-next');
    expect(cancel({})).toBe('InvalidStateTransitionException');
    expect(cancel({ force: true, expectedVersion: 1 })).toBe('VersionConflictException');
    expect(remove({})).toBe('InvalidStateTransitionException');
    expect(remove({ executionNumber: 2, force: true })).toBe('ResourceNotFoundException');
    expect(cancel({ force: true, expectedVersion: 2, statusDetails: { why: 'rain' } })).toBe('accepted');
    expect(pits.table.execution('car-1', 'a')).toMatchObject({ status: 'CANCELED', statusDetails: { why: 'rain' } });
    expect(remove({})).toBe('accepted');
    expect(pits.table.executionCount).toBe(0);
  });
});

describe('the registry', () => {
  it('takes things out of a continuous job and puts them in, also for the second time', () => {
    const pits = new Pits();
    pits.create('a', { targets: [arn('thinggroup', 'field')], targetSelection: 'CONTINUOUS' });
    const follow = () => followDirectory(pits.table, pits.directory, pits.nowMs);
    pits.field.delete('car-2');
    pits.field.add('car-3');
    follow();
    expect([pits.status('a', 'car-2'), pits.status('a', 'car-3')]).toEqual(['REMOVED', 'QUEUED']);
    pits.field.add('car-2');
    follow();
    expect(pits.table.execution('car-2', 'a')).toMatchObject({ status: 'QUEUED', executionNumber: 2 });
    for (const execution of pits.table.executionsOfJob('a'))
      pits.table.putExecution({ ...execution, status: 'FAILED' });
    follow();
    expect(pits.table.job('a')?.status).toBe('IN_PROGRESS');
  });

  it('ends what is pending on a thing that is deleted', () => {
    const pits = new Pits();
    pits.create('a');
    pits.things.delete('car-1');
    followDirectory(pits.table, pits.directory, pits.nowMs);
    expect(pits.status('a')).toBe('REMOVED');
    expect(pits.table.job('a')?.status).toBe('COMPLETED');
  });

  it('leaves a snapshot as it was taken', () => {
    const pits = new Pits();
    pits.create('a', { targets: [arn('thinggroup', 'field')] });
    pits.field.delete('car-2');
    pits.field.add('car-3');
    followDirectory(pits.table, pits.directory, pits.nowMs);
    expect([pits.status('a', 'car-2'), pits.status('a', 'car-3')]).toEqual(['QUEUED', undefined]);
  });
});

describe('notices', () => {
  const told = (pits: Pits, notices: JobNotices) =>
    notices.of(pits.table.takeChanges().things, pits.nowMs).map(({ topic, payload }) => {
      const jobs = payload.jobs as Record<string, JobExecution[]> | undefined;
      const execution = payload.execution as JobExecution | undefined;
      const lists = jobs && Object.entries(jobs).map(([status, list]) => `${status}:${list.map((e) => e.jobId)}`);
      return `${topic.split('/jobs/')[1]} ${lists ?? execution?.jobId ?? '–'}`;
    });

  it('tell the list when something comes, begins or ends, and the next when that is another one', () => {
    const pits = new Pits();
    const notices = new JobNotices(pits.table);
    pits.create('a');
    expect(told(pits, notices)).toEqual(['notify QUEUED:a', 'notify-next a']);
    pits.create('b');
    expect(told(pits, notices)).toEqual(['notify QUEUED:a,b']);
    pits.ask('b/update', { status: 'IN_PROGRESS' });
    expect(told(pits, notices)).toEqual(['notify IN_PROGRESS:b,QUEUED:a', 'notify-next b']);
    pits.ask('b/update', { status: 'IN_PROGRESS', statusDetails: { progress: '50' } });
    expect(told(pits, notices)).toEqual([]);
    pits.ask('b/update', { status: 'SUCCEEDED' });
    expect(told(pits, notices)).toEqual(['notify QUEUED:a', 'notify-next a']);
    pits.ask('a/update', { status: 'REJECTED' });
    expect(told(pits, notices)).toEqual(['notify ', 'notify-next –']);
  });

  it('name fifteen executions at most', () => {
    const pits = new Pits();
    const notices = new JobNotices(pits.table);
    for (let i = 0; i < 20; i++) pits.create(`job-${i}`);
    const [{ payload }] = notices.of(['car-1'], pits.nowMs);
    expect((payload.jobs as { QUEUED: unknown[] }).QUEUED).toHaveLength(15);
  });

  it('start from what was pending before a restart', () => {
    const pits = new Pits();
    pits.create('a');
    pits.table.takeChanges();
    expect(new JobNotices(pits.table).of(['car-1'], pits.nowMs)).toEqual([]);
  });
});

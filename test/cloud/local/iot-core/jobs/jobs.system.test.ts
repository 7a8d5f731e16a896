import * as iot from '@aws-sdk/client-iot';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobsDataPlane } from '#cloud/local/iot-core/jobs/data-plane.js';
import { arnOf } from '#cloud/local/iot-core/registry/arns.js';
import { account, refusal, START_MS } from '../registry/helpers.js';
import { JobsHarness } from './harness.js';

let harness: JobsHarness;
const document = '{"operation":"upload","run":7}';
const arn = (kind: 'thing' | 'thinggroup' | 'job', name: string) => arnOf(account, kind, name);
const send: iot.IoTClient['send'] = (...args: unknown[]) =>
  (harness.client.send as (...all: unknown[]) => never)(...args);
const create = (jobId: string, more: Partial<iot.CreateJobCommandInput> = {}) =>
  send(new iot.CreateJobCommand({ jobId, targets: [arn('thing', 'car-1')], document, ...more }));
const refused = (call: Promise<unknown>) => refusal(() => call);

beforeEach(async () => {
  harness = await JobsHarness.start();
  const { things, groups } = harness.folder.registry;
  for (const car of ['car-1', 'car-2']) await things.create(car);
  await groups.create('field', undefined, {});
  await groups.addThing('car-2', 'field');
});
afterEach(() => harness.stop());

describe('jobs, by the AWS SDK as it is', () => {
  it('are created, described, listed, cancelled and deleted', async () => {
    const targets = [arn('thing', 'car-1'), arn('thinggroup', 'field')];
    const timeoutConfig = { inProgressTimeoutInMinutes: 5 };
    expect(await create('upload', { targets, description: 'run 7', timeoutConfig })).toMatchObject({
      jobArn: arn('job', 'upload'),
      jobId: 'upload',
      description: 'run 7',
    });
    const { job } = await send(new iot.DescribeJobCommand({ jobId: 'upload' }));
    expect(job).toMatchObject({
      status: 'IN_PROGRESS',
      targetSelection: 'SNAPSHOT',
      targets,
      timeoutConfig,
      createdAt: new Date(START_MS),
      jobProcessDetails: { numberOfQueuedThings: 2, numberOfInProgressThings: 0 },
    });
    expect((await send(new iot.GetJobDocumentCommand({ jobId: 'upload' }))).document).toBe(document);

    harness.raceClock.advance(1000);
    await create('later', { targetSelection: 'CONTINUOUS', targets: [arn('thinggroup', 'field')] });
    const first = await send(new iot.ListJobsCommand({ maxResults: 1 }));
    const second = await send(new iot.ListJobsCommand({ maxResults: 1, nextToken: first.nextToken }));
    expect([first, second].map(({ jobs }) => jobs?.map(({ jobId }) => jobId))).toEqual([['later'], ['upload']]);
    expect(second.nextToken).toBeUndefined();
    const continuous = await send(new iot.ListJobsCommand({ targetSelection: 'CONTINUOUS', thingGroupName: 'field' }));
    expect(continuous.jobs?.map(({ jobId }) => jobId)).toEqual(['later']);

    await send(new iot.CancelJobCommand({ jobId: 'upload', reasonCode: 'RAIN', comment: 'no more', force: true }));
    expect((await send(new iot.DescribeJobCommand({ jobId: 'upload' }))).job).toMatchObject({
      status: 'CANCELED',
      forceCanceled: true,
      reasonCode: 'RAIN',
      comment: 'no more',
      jobProcessDetails: { numberOfCanceledThings: 2 },
    });
    await send(new iot.DeleteJobCommand({ jobId: 'upload' }));
    expect(await refused(send(new iot.DescribeJobCommand({ jobId: 'upload' })))).toBe('ResourceNotFoundException');
  });

  it('have executions that are described, listed, cancelled and deleted', async () => {
    await create('upload', { targets: [arn('thing', 'car-1'), arn('thing', 'car-2')] });
    await harness.ask('car-1', 'start-next', { statusDetails: { step: 'zip' }, stepTimeoutInMinutes: 2 });
    const one = { jobId: 'upload', thingName: 'car-1' };
    expect((await send(new iot.DescribeJobExecutionCommand(one))).execution).toMatchObject({
      jobId: 'upload',
      status: 'IN_PROGRESS',
      statusDetails: { detailsMap: { step: 'zip' } },
      thingArn: arn('thing', 'car-1'),
      startedAt: new Date(START_MS),
      executionNumber: 1,
      versionNumber: 2,
      approximateSecondsBeforeTimedOut: 120,
    });
    const ofJob = await send(new iot.ListJobExecutionsForJobCommand({ jobId: 'upload', status: 'QUEUED' }));
    expect(ofJob.executionSummaries).toMatchObject([{ thingArn: arn('thing', 'car-2') }]);
    const ofThing = await send(new iot.ListJobExecutionsForThingCommand({ thingName: 'car-1' }));
    expect(ofThing.executionSummaries).toMatchObject([
      { jobId: 'upload', jobExecutionSummary: { status: 'IN_PROGRESS', executionNumber: 1 } },
    ]);
    const cancel = new iot.CancelJobExecutionCommand(one);
    expect(await refused(send(cancel))).toBe('InvalidStateTransitionException');
    await send(new iot.CancelJobExecutionCommand({ ...one, force: true, statusDetails: { why: 'rain' } }));
    await send(new iot.DeleteJobExecutionCommand({ ...one, executionNumber: 1 }));
    expect(await refused(send(new iot.DescribeJobExecutionCommand(one)))).toBe('ResourceNotFoundException');
  });

  it('are refused with AWS’s errors, and what is not served by name', async () => {
    await create('taken');
    expect(await refused(create('taken'))).toBe('ResourceAlreadyExistsException');
    expect(await refused(create('a', { document: undefined }))).toBe('InvalidRequestException');
    expect(await refused(create('a', { targets: [arn('thing', 'nobody')] }))).toBe('ResourceNotFoundException');
    await expect(create('a', { presignedUrlConfig: { expiresInSec: 60 } })).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining('Presigned URLs'),
    });
    await expect(
      send(new iot.AssociateTargetsWithJobCommand({ jobId: 'taken', targets: [arn('thing', 'car-2')] })),
    ).rejects.toMatchObject({ message: expect.stringContaining('AssociateTargetsWithJob') });
  });
});

describe('a device', () => {
  it('is answered with its token and the time, and told of what is pending', async () => {
    await create('upload');
    const timestamp = START_MS / 1000;
    const execution = {
      jobId: 'upload',
      status: 'QUEUED',
      queuedAt: timestamp,
      lastUpdatedAt: timestamp,
      executionNumber: 1,
      versionNumber: 1,
      jobDocument: { operation: 'upload', run: 7 },
    };
    expect(harness.told).toEqual([
      {
        topic: '$aws/things/car-1/jobs/notify',
        payload: {
          timestamp,
          jobs: {
            QUEUED: [
              {
                jobId: 'upload',
                queuedAt: timestamp,
                lastUpdatedAt: timestamp,
                executionNumber: 1,
                versionNumber: 1,
              },
            ],
          },
        },
      },
      { topic: '$aws/things/car-1/jobs/notify-next', payload: { timestamp, execution } },
    ]);
    expect(await harness.ask('car-1', '$next/get', { clientToken: 't' })).toEqual({
      topic: 'accepted',
      payload: { clientToken: 't', timestamp, execution },
    });
  });

  it('is rejected with a code and, where it misjudged it, the state of the execution', async () => {
    await create('upload');
    const body = { status: 'IN_PROGRESS', expectedVersion: 9, clientToken: 't' };
    expect(await harness.ask('car-1', 'upload/update', body)).toEqual({
      topic: 'rejected',
      payload: {
        code: 'VersionMismatch',
        message: expect.any(String),
        clientToken: 't',
        timestamp: START_MS / 1000,
        executionState: { status: 'QUEUED', statusDetails: {}, versionNumber: 1 },
      },
    });
    expect((await harness.ask('nobody', 'get')).payload.code).toBe('ResourceNotFound');
  });

  it('is answered ten requests at a time', async () => {
    await create('upload');
    const asked = Array.from({ length: 11 }, (_, i) =>
      harness.ask('car-1', 'upload/update', { status: 'IN_PROGRESS', statusDetails: { i: String(i) } }),
    );
    const codes = (await Promise.all(asked)).map(({ payload }) => payload.code);
    expect(codes.filter((code) => code !== undefined)).toEqual(['RequestThrottled']);
  });

  it('that is late finds its execution timed out in race time', async () => {
    await create('upload', { timeoutConfig: { inProgressTimeoutInMinutes: 1 } });
    await harness.ask('car-1', 'start-next');
    harness.raceClock.advance(60_000);
    const late = await harness.ask('car-1', 'upload/update', { status: 'SUCCEEDED' });
    expect(late.payload).toMatchObject({ code: 'InvalidStateTransition', executionState: { status: 'TIMED_OUT' } });
    expect(harness.told.at(-1)).toEqual({
      topic: '$aws/things/car-1/jobs/notify-next',
      payload: { timestamp: START_MS / 1000 + 60 },
    });
  });
});

describe('the registry', () => {
  it('brings things to a continuous job, and takes them away', async () => {
    await create('sheet', { targetSelection: 'CONTINUOUS', targets: [arn('thinggroup', 'field')] });
    const { groups } = harness.folder.registry;
    const status = async (thingName: string) =>
      (await send(new iot.DescribeJobExecutionCommand({ jobId: 'sheet', thingName }))).execution?.status;
    await groups.addThing('car-1', 'field');
    await groups.removeThing('car-2', 'field');
    expect([await status('car-1'), await status('car-2')]).toEqual(['QUEUED', 'REMOVED']);
  });
});

describe('what was accepted', () => {
  it('is there after a restart, and nobody is told of it again', async () => {
    await create('upload');
    await harness.ask('car-1', 'start-next', { stepTimeoutInMinutes: 1 });
    await harness.close();
    harness.told.length = 0;
    await harness.open();
    expect((await harness.ask('car-1', 'get')).payload.inProgressJobs).toMatchObject([{ jobId: 'upload' }]);
    expect(harness.told).toEqual([]);
    harness.raceClock.advance(60_000);
    await harness.ask('car-1', 'get');
    const { job } = await send(new iot.DescribeJobCommand({ jobId: 'upload' }));
    expect(job).toMatchObject({ status: 'COMPLETED', jobProcessDetails: { numberOfTimedOutThings: 1 } });
  });
});

describe('the data plane over HTTP', () => {
  const call = async (method: string, pathname: string, body = '') => {
    const url = new URL(pathname, harness.url);
    const plane = new JobsDataPlane(harness.service);
    const request = { method, pathname: url.pathname, query: url.searchParams, headers: {}, body: Buffer.from(body) };
    return (await plane.perform(request)).body as Record<string, Record<string, unknown>>;
  };

  it('serves a device, documents as text', async () => {
    await create('upload');
    expect((await call('GET', '/things/car-1/jobs')).queuedJobs).toMatchObject([{ jobId: 'upload' }]);
    const started = await call('PUT', '/things/car-1/jobs/$next', '{"statusDetails":{"step":"zip"}}');
    expect(started.execution).toMatchObject({ status: 'IN_PROGRESS', thingName: 'car-1', jobDocument: document });
    const described = await call('GET', '/things/car-1/jobs/%24next?includeJobDocument=false&executionNumber=1');
    expect(described.execution).not.toHaveProperty('jobDocument');
    const update = '{"status":"SUCCEEDED","expectedVersion":2,"includeJobExecutionState":true}';
    expect((await call('POST', '/things/car-1/jobs/upload', update)).executionState).toMatchObject({
      status: 'SUCCEEDED',
      versionNumber: 3,
    });
  });

  it.each([
    ['GET', '/things/car-1/jobs/none', '', 'ResourceNotFoundException'],
    ['POST', '/things/car-1/jobs/upload', '{"status":"QUEUED"}', 'InvalidRequestException'],
    ['POST', '/things/car-1/jobs/upload', '{"status":"FAILED","expectedVersion":9}', 'VersionConflictException'],
    ['POST', '/things/car-1/jobs/upload', '{', 'InvalidRequestException'],
    ['POST', '/things/car-1/jobs/$next', '{"status":"FAILED"}', 'InvalidRequestException'],
    ['POST', '/command-executions', '{}', 'InvalidRequestException'],
    ['PATCH', '/things/car-1/jobs/upload', '{}', 'UnknownOperationException'],
  ])('%s %s %s → %s', async (method, path, body, code) => {
    await create('upload');
    expect(await refused(call(method, path, body))).toBe(code);
  });

  it('tells that an execution is at its end', async () => {
    await create('upload');
    await call('POST', '/things/car-1/jobs/upload', '{"status":"FAILED"}');
    expect(await refused(call('GET', '/things/car-1/jobs/upload'))).toBe('TerminalStateException');
    expect(await refused(call('POST', '/things/car-1/jobs/upload', '{"status":"FAILED"}'))).toBe(
      'InvalidStateTransitionException',
    );
  });
});

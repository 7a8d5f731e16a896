import { join } from 'node:path';
import { IoTClient } from '@aws-sdk/client-iot';
import { ControlPlane } from '#cloud/local/iot-core/control-plane/control-plane.js';
import { jobOperations } from '#cloud/local/iot-core/control-plane/operations/jobs.js';
import { Counters } from '#cloud/local/iot-core/counters.js';
import { HttpFront } from '#cloud/local/iot-core/http-front.js';
import { JobsDataPlane } from '#cloud/local/iot-core/jobs/data-plane.js';
import { registryDirectory } from '#cloud/local/iot-core/jobs/registry-directory.js';
import { JobService } from '#cloud/local/iot-core/jobs/service.js';
import { parseJobsTopic } from '#cloud/local/iot-core/jobs/topics.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { account, RegistryFolder, START_MS } from '../registry/helpers.js';

const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };

export interface Told {
  topic: string;
  payload: Record<string, unknown>;
}

/** Jobs over a registry of their own, with both planes over HTTP. */
export class JobsHarness {
  readonly folder: RegistryFolder;
  readonly raceClock = new ManualClock(START_MS);
  /** What was announced. */
  readonly told: Told[] = [];
  service!: JobService;
  client!: IoTClient;
  #front!: HttpFront;

  private constructor(folder: RegistryFolder) {
    this.folder = folder;
  }

  static async start(): Promise<JobsHarness> {
    const harness = new JobsHarness(await RegistryFolder.open());
    await harness.open();
    return harness;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#front.port}`;
  }

  async open(): Promise<void> {
    const directory = registryDirectory(this.folder.registry);
    this.service = await JobService.open({
      path: join(this.folder.dir, 'jobs'),
      directory,
      announce: async (topic, payload) => {
        this.told.push({ topic, payload: JSON.parse(payload.toString()) });
      },
      raceClock: this.raceClock,
      log: silentLog,
    });
    this.#front = await HttpFront.open({
      host: '127.0.0.1',
      port: 0,
      credentials,
      planes: [new ControlPlane(jobOperations(this.service, directory, account)), new JobsDataPlane(this.service)],
      wallClock,
      counters: new Counters(),
      log: silentLog,
    });
    this.client = new IoTClient({ endpoint: this.url, region: account.region, credentials, maxAttempts: 1 });
  }

  /** The answer to a publish of a device. */
  async ask(thing: string, rest: string, body: object = {}): Promise<Told> {
    const topic = `$aws/things/${thing}/jobs/${rest}`;
    const { topic: on, payload } = await this.service.answer(
      topic,
      parseJobsTopic(topic)!,
      Buffer.from(JSON.stringify(body)),
    );
    return { topic: on.slice(topic.length + 1), payload };
  }

  async close(): Promise<void> {
    this.client.destroy();
    await this.#front.close();
    await this.service.close();
  }

  async stop(): Promise<void> {
    await this.close();
    await this.folder.remove();
  }
}

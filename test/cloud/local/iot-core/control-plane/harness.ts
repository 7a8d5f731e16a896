import { IoTClient } from '@aws-sdk/client-iot';
import { ControlPlane } from '#cloud/local/iot-core/control-plane/control-plane.js';
import { registryOperations } from '#cloud/local/iot-core/control-plane/operations/index.js';
import { Counters } from '#cloud/local/iot-core/counters.js';
import { HttpFront } from '#cloud/local/iot-core/http-front.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { RegistryFolder } from '../registry/helpers.js';

const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };

/** The control plane over a registry of its own, and the SDK's client as it is. */
export class ControlPlaneHarness {
  readonly folder: RegistryFolder;
  readonly client: IoTClient;
  readonly #front: HttpFront;

  private constructor(folder: RegistryFolder, front: HttpFront) {
    this.folder = folder;
    this.#front = front;
    this.client = this.clientWith(credentials.secretAccessKey);
  }

  static async start(): Promise<ControlPlaneHarness> {
    const folder = await RegistryFolder.open();
    const endpoints = { data: 'localhost:8883', http: 'localhost:8443' };
    const front = await HttpFront.open({
      host: '127.0.0.1',
      port: 0,
      credentials,
      planes: [new ControlPlane(registryOperations(folder.registry, () => endpoints))],
      wallClock,
      counters: new Counters(),
      log: silentLog,
    });
    return new ControlPlaneHarness(folder, front);
  }

  clientWith(secretAccessKey: string): IoTClient {
    return new IoTClient({
      endpoint: `http://127.0.0.1:${this.#front.port}`,
      region: 'eu-west-1',
      credentials: { ...credentials, secretAccessKey },
      maxAttempts: 1,
    });
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.#front.close();
    await this.folder.remove();
  }
}

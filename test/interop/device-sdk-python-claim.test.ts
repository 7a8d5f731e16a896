/** The AWS IoT Device SDK for Python, unmodified: its provisioning and jobs clients. pip: awsiotsdk. */
import { fileURLToPath } from 'node:url';
import { CreateJobCommand, CreateThingCommand } from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CAR_NUMBER } from '#certs/claim.js';
import { CAR_TEMPLATE } from '#certs/policies.js';
import { makeSigningRequest } from '#certs/signing-request.js';
import type { LocalReady } from '#cli/commands/local.js';
import { createIotClient } from '#cloud/clients.js';
import { Desk } from '../cli/command.js';
import { INSTALL, pythonWith, start } from '../helpers/foreign-clients.js';

const python = pythonWith('awsiot');
const SCRIPT = fileURLToPath(new URL('./device_sdk_claim.py', import.meta.url));

describe.skipIf(!python)(
  `AWS IoT Device SDK for Python, new car${python ? '' : `: not on this machine; ${INSTALL}`}`,
  () => {
    const desk = new Desk();
    let ready: LocalReady;
    beforeAll(async () => {
      ({ ready } = await desk.local(0));
    });
    afterAll(() => desk.close());

    it('gets a certificate for its own key by the claim, and does the job that waits for it', async () => {
      const { AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = ready.env;
      const credentials = { accessKeyId, secretAccessKey };
      const iot = await createIotClient({ region, credentials, endpoints: { iot: ready.endpoints.iot } });
      const { thingArn } = await iot.send(new CreateThingCommand({ thingName: 'car-24' }));
      await iot.send(new CreateJobCommand({ jobId: 'upload-7', targets: [thingArn!], document: '{"upload":7}' }));
      iot.destroy();
      const { certificates } = await desk.json<{ certificates: { certPath: string }[] }>('certs', 'claim');
      const [{ certPath }] = certificates;
      const { csrPem, keyPem } = await makeSigningRequest('car-24');

      const target = {
        ...{ thing: 'car-24', port: ready.mqtt.port, ca: ready.mqtt.ca, csr: csrPem, key: keyPem },
        claim: { cert: certPath, key: certPath.replace(/crt$/, 'key') },
        template: CAR_TEMPLATE,
        parameters: { [CAR_NUMBER]: '24' },
      };
      const { code, out, err } = await start(python!, [SCRIPT, JSON.stringify(target)]).ended;
      expect(code, err).toBe(0);
      expect(JSON.parse(out)).toEqual({
        certificateId: expect.stringMatching(/^[0-9a-f]{64}$/),
        thing: 'car-24',
        pending: ['upload-7'],
        started: ['upload-7', 'IN_PROGRESS', { upload: 7 }],
        state: 'SUCCEEDED',
        terminal: 'TerminalStateReached',
        next: [null],
      });
    });
  },
);

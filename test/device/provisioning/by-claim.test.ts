import { describe, expect, it } from 'vitest';
import { provisionByClaim } from '#device/provisioning/by-claim.js';
import type { Link, LinkState, MessageHandler } from '#device/uplink/link.js';

const CREATE = '$aws/certificates/create-from-csr/json';
const PROVISION = '$aws/provisioning-templates/pitwall-car/provision/json';
const request = { csrPem: 'request', template: 'pitwall-car', parameters: { CarNumber: '24' }, timeoutMs: 50 };

/** Answers as a service would: `answers` by topic; a topic without one is met with silence. */
class FakeLink implements Link {
  readonly asked: { topic: string; members: unknown }[] = [];
  isClosed = false;
  readonly #handlers = new Map<string, MessageHandler>();
  readonly #answers: Record<string, { topic: string; text: string }>;
  #told: (state: LinkState, reason: string) => void = () => {};

  constructor(answers: Record<string, { topic: string; text: string }>) {
    this.#answers = answers;
  }

  connect(): void {
    this.#told('up', '');
  }

  async publish(topic: string, payload: Uint8Array): Promise<void> {
    this.asked.push({ topic, members: JSON.parse(Buffer.from(payload).toString()) });
    const answer = this.#answers[topic];
    if (answer) this.#handlers.get(answer.topic)?.(answer.topic, Buffer.from(answer.text));
  }

  subscribe(filter: string, handler: MessageHandler): void {
    this.#handlers.set(filter, handler);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  onState(listener: (state: LinkState, reason: string) => void): void {
    this.#told = listener;
  }
}

const accepted = (topic: string, members: object) => ({ topic: `${topic}/accepted`, text: JSON.stringify(members) });
const certificate = { certificateId: 'id', certificatePem: 'pem' };
const created = accepted(CREATE, { ...certificate, certificateOwnershipToken: 'token' });

describe('provisioning by claim', () => {
  it('asks for a certificate, then shows its token to become a thing', async () => {
    const thing = { thingName: 'car-24', deviceConfiguration: { rateHz: '100' } };
    const link = new FakeLink({ [CREATE]: created, [PROVISION]: accepted(PROVISION, thing) });
    expect(await provisionByClaim(link, request)).toEqual({ ...certificate, ...thing });
    expect(link.asked).toEqual([
      { topic: CREATE, members: { certificateSigningRequest: 'request' } },
      { topic: PROVISION, members: { certificateOwnershipToken: 'token', parameters: { CarNumber: '24' } } },
    ]);
    expect(link.isClosed).toBe(true);
  });

  it.each<[string, Record<string, { topic: string; text: string }>, string, string]>([
    [
      'that is refused says why',
      {
        [CREATE]: created,
        [PROVISION]: {
          topic: `${PROVISION}/rejected`,
          text: '{"statusCode":403,"errorCode":"AccessDenied","errorMessage":"no such car"}',
        },
      },
      'PW-CLAIM-REFUSED',
      '403 AccessDenied: no such car',
    ],
    [
      'that is answered with nonsense says so',
      { [CREATE]: { topic: `${CREATE}/accepted`, text: '{' } },
      'PW-CLAIM-REFUSED',
      'is not JSON',
    ],
    ['that nobody answers ends', { [CREATE]: created }, 'PW-CLAIM-TIMEOUT', PROVISION],
  ])('%s, and leaves no connection', async (_, answers, code, what) => {
    const link = new FakeLink(answers);
    await expect(provisionByClaim(link, request)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(what),
    });
    expect(link.isClosed).toBe(true);
  });
});

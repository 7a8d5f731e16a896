import type { Link, LinkState } from '../uplink/link.js';
import type { ResendRange, ResendResult } from '../uplink/resend.js';
import type { Clock } from '../wire/clock.js';
import type { Log } from '../wire/log.js';
import type { Random } from '../wire/random.js';
import { Deployer, type DeployHost, type DeployLimits } from './deployer.js';
import type { Fetch } from './fetch-document.js';
import type { JobContext, JobEnd, JobStats } from './job.js';
import { checkJobDocument, type JobDocument } from './job-document.js';
import { JobRunner } from './job-runner.js';
import type { Slots } from './slots.js';

/** What an agent needs to take deployments; whoever starts it has it (`deployed-agent.ts`). */
export interface DeploymentOption {
  slots: Slots;
  apply: DeployHost['apply'];
  limits?: DeployLimits;
  /** Default: Node's own. */
  fetch?: Fetch;
}

export interface DeploymentsOptions {
  thing: string;
  link: Link;
  wallClock: Clock;
  random: Random;
  log: Log;
  /** Absent: jobs that would deploy are rejected. */
  deployments?: DeploymentOption;
  ailment: DeployHost['ailment'];
  reasonToWait: DeployHost['reasonToWait'];
  resend(range: ResendRange): Promise<ResendResult>;
}

/** The jobs of a car: deployments, and records to be sent again. */
export class Deployments {
  readonly #options: DeploymentsOptions;
  readonly #runner: JobRunner;
  readonly #deployer: Deployer | undefined;

  constructor(options: DeploymentsOptions) {
    const { deployments, random } = options;
    this.#options = options;
    this.#deployer =
      deployments && new Deployer({ ...deployments, random, host: { ...options, apply: deployments.apply } });
    this.#runner = new JobRunner({
      ...options,
      work: (document, job) => this.#work(document, job),
      onTold: (jobId) => deployments?.slots.told(jobId),
    });
  }

  get stats(): JobStats {
    return this.#runner.stats;
  }

  /** Call before the link connects. */
  start(): void {
    this.#deployer?.resume();
    this.#runner.start();
  }

  onLinkState(state: LinkState): void {
    this.#runner.onLinkState(state);
  }

  tick(): void {
    this.#runner.tick();
  }

  stop(): void {
    this.#deployer?.stop();
    this.#runner.stop();
  }

  async #work(given: unknown, job: JobContext): Promise<JobEnd> {
    let document: JobDocument;
    try {
      document = checkJobDocument(given);
    } catch (error) {
      return rejected((error as Error).message);
    }
    if (document.operation === 'deploy') {
      return this.#deployer?.deploy(document, job) ?? rejected('This agent takes no deployments.');
    }
    const { boot, fromSeq, toSeq } = document;
    job.progress('sending', { boot, fromSeq: `${fromSeq}`, toSeq: `${toSeq}` });
    const { sent, missing } = await this.#options.resend({ boot, from: fromSeq, to: toSeq });
    if (sent === 0)
      return { status: 'FAILED', details: { reason: 'The journal has nothing of it.', missing: `${missing}` } };
    return { status: 'SUCCEEDED', details: { sent: `${sent}`, missing: `${missing}` } };
  }
}

function rejected(reason: string): JobEnd {
  return { status: 'REJECTED', details: { reason } };
}

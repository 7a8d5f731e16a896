import { PitwallError } from '#wire/errors.js';
import { LOCAL } from '../contexts.js';
import { describeError, EXIT, exitCodeOf } from '../exit.js';
import { createLog } from '../log.js';
import { createVoice } from '../race/progress.js';
import { RaceRun } from '../race/run.js';
import { describeSummary, type Summary } from '../race/summary.js';
import { missedThresholds, parseThresholds } from '../race/threshold.js';
import { configFor } from './config.js';

interface RaceFlags {
  headless?: boolean;
  json?: boolean;
  single?: boolean;
  spread?: boolean;
  fail?: string;
}

/** What `--fail` may name. */
const MEASURED = ['lost', 'dropped', 'duplicates', 'p50', 'p99'] as const;

export async function race(flags: RaceFlags & Record<string, unknown>): Promise<void> {
  const { config } = configFor(flags);
  if (config.context !== LOCAL) {
    throw new PitwallError('PW-CONFIG-CONTEXT', {
      what: `The context in use is "${config.context}"; a race on an AWS context is not served yet.`,
      fix: 'Run it here with: PITWALL_CONTEXT=local pitwall race',
    });
  }
  const thresholds = parseThresholds(flags.fail, MEASURED);
  const json = flags.json === true;
  const headless = flags.headless === true;
  const voice = createVoice(json);
  const run = new RaceRun({
    config,
    single: flags.single === true,
    spread: flags.spread === true,
    headless,
    voice,
    log: createLog('race'),
  });

  let interrupted = false;
  const end = (code: number): void => {
    void run.stop().then(
      () => process.exit(code),
      (error: unknown) => {
        process.stderr.write(`${describeError(error, json)}\n`);
        process.exit(EXIT.failed);
      },
    );
  };
  const interrupt = () => {
    // The second ^C does not wait for anybody.
    if (interrupted) process.exit(EXIT.interrupted);
    interrupted = true;
    voice.say('Stopping…');
    end(EXIT.ok);
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  // The terminal was closed: the same, or the next start would have to recover.
  process.on('SIGHUP', interrupt);

  try {
    await Promise.race([run.start(), run.failed]);
    if (!headless) announce(run.screen, config.port, json);
    await Promise.race([run.race(), run.failed]);
    await Promise.race([run.drain(), run.failed]);
    const summary = await run.summary();
    voice.result(summary);
    if (!json) process.stderr.write(`${describeSummary(summary)}\n`);
    if (!headless) {
      voice.say(`The race is over; the screen stays at ${run.url} until ^C.`);
      await run.failed;
      return;
    }
    const missed = missedThresholds(thresholds, measuredOf(summary));
    for (const { text } of missed) process.stderr.write(`✗ threshold missed: ${text}\n`);
    end(missed.length > 0 ? EXIT.threshold : EXIT.ok);
  } catch (error) {
    if (interrupted) return;
    process.stderr.write(`${describeError(error, json)}\n`);
    end(exitCodeOf(error));
  }
}

function announce(
  { url, port, portWasBusy }: { url: string; port: number; portWasBusy: boolean },
  wanted: number,
  json: boolean,
): void {
  if (portWasBusy) process.stderr.write(`Port ${wanted} is taken; using ${port}.\n`);
  process.stdout.write(json ? `${JSON.stringify({ type: 'ready', url })}\n` : `${url}\n`);
}

function measuredOf({ audit, latencyMs }: Summary): Record<(typeof MEASURED)[number], number | null> {
  return {
    lost: audit.lost,
    dropped: Object.values(audit.dropped).reduce((sum, count) => sum + count, 0),
    duplicates: audit.duplicatesDropped,
    p50: latencyMs.sampleToScreen?.p50 ?? null,
    p99: latencyMs.sampleToScreen?.p99 ?? null,
  };
}

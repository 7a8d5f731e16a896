import type { Forecaster, ForecastQuestion } from '#cloud/engine/forecaster.js';
import type { Forecast } from '#cloud/strategy/answers/forecast-types.js';
import { stateHash } from '#cloud/strategy/state-hash.js';

/** A forecast without any race drawn: the order as it stands. A pure function of the question. */
export function madeForecast({ state, trigger, runs }: ForecastQuestion, baseRuns = runs.base): Forecast {
  const places = state.order.map((entry, i) => {
    const finish = { low: i + 1, mean: i + 1, high: i + 1 };
    return [entry, { finish, win: i === 0 ? 1 : 0, top5: i < 5 ? 1 : 0, top10: i < 10 ? 1 : 0 }] as const;
  });
  return {
    v: 1,
    lap: state.lap,
    atMs: state.lastEventMs,
    known: { atMs: state.lastEventMs, source: 'model', confidence: 0.5, why: [] },
    finish: Object.fromEntries(places),
    own: {},
    provenance: {
      stateHash: stateHash(state),
      seed: state.session.seed,
      runs: baseRuns,
      engineVersion: 'made',
      trigger,
      baseRuns,
      optionRuns: 0,
    },
  };
}

/** Answers when it is told to; an interruption leaves a tenth of the runs. */
export class HeldForecaster implements Forecaster {
  readonly questions: { trigger: string; lap: number }[] = [];
  isClosed = false;
  #end: ((why: 'done' | 'broken') => void) | undefined;

  get isBusy(): boolean {
    return this.#end !== undefined;
  }

  async forecast(question: ForecastQuestion, interrupt: AbortSignal): Promise<Forecast | undefined> {
    this.questions.push({ trigger: question.trigger, lap: question.state.lap });
    const whole = madeForecast(question);
    const part = madeForecast(question, question.runs.base / 10);
    const why = await new Promise<'done' | 'broken' | 'interrupted'>((resolve) => {
      this.#end = resolve;
      interrupt.addEventListener('abort', () => resolve('interrupted'), { once: true });
    });
    this.#end = undefined;
    if (why === 'broken') throw new Error('The thread fell over.');
    return why === 'done' ? whole : part;
  }

  finish(): void {
    this.#end?.('done');
  }

  fail(): void {
    this.#end?.('broken');
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

/** Answers at once. */
export const PROMPT_FORECASTER: Forecaster = {
  forecast: async (question) => madeForecast(question),
  close: async () => {},
};

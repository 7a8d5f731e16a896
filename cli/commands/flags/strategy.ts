import type { Command } from 'commander';

/** The strategy engine on its own. */
export function addStrategyCommands(program: Command): void {
  const strategy = program
    .command('strategy')
    .description('The strategy engine on its own: predict, compare choices, and be measured.');
  strategy
    .command('predict')
    .description('Read races so far as JSON lines, and say of each what will happen: laps, stops, finish, rejoin.')
    .addHelpText(
      'after',
      `
A line: {"id": 1, "race": {"series": "f1", "lapsTotal": 58}, "laps": [{"car": "44", "lap": 1, "lap_time": 94.2, "elapsed": 94.2,
"pos": 1, "flag": "G"}, …], "want": ["nextLaps", "finish", "nextStop", "remaining", "rejoin"],
"whatIf": {"car": "44", "pitOnLap": 20}}; unknown fields are null. Bands hold the outcome four times in five.

Examples:
  $ pitwall strategy predict < races.jsonl
  $ jq -c '{id: 1, race, laps, want: ["finish"]}' race.json | pitwall strategy predict`,
    )
    .action(async () => (await import('../strategy-predict.js')).predictLines());
  strategy
    .command('whatif')
    .description('Read races so far and ways to drive the rest as JSON lines; simulate each way on the same luck.')
    .addHelpText(
      'after',
      `
A line: {"id": 1, "race": …, "laps": […] as for predict, "options": [{"car": "44", "stops": null}, {"car": "44", "stops":
[{"lap": 21, "tyres": 4, "fuel": "toEnd"}]}], "runs": 200, "seed": 1}. stops: null = as usual; a list = on these laps, then as
usual; an empty list = none to the flag. tyres: 0, 2 or 4 (default 4); fuel: none, toEnd or fill (default toEnd).

It answers {"id": 1, "runs": 200, "options": [{"car", "pWin", "pTop5", "pTop10", "finish": {"mean", "lo80", "hi80"}, "rejoin":
{"position", "gapAhead", "ahead", "behind"}, "gain": {…}, "gainSeconds": {…}}]}, options in their order. rejoin = at the end of
the next stop's out-lap, gap in seconds, absent without a stop; gain = against the first option, in places at the flag and in
seconds of race time, > 0 is better. The same line gets the same answer.

Examples:
  $ pitwall strategy whatif < choices.jsonl
  $ jq -c '{id: 1, race, laps, options: [{car: "44", stops: null}, {car: "44", stops: [{lap: 21}]}]}' race.json | pitwall strategy whatif`,
    )
    .action(async () => (await import('../strategy-whatif.js')).whatIfLines());
  strategy
    .command('arbitrate')
    .description("Read what cars and timing say of laps as JSON lines, in any order; print each lap's one value.")
    .addHelpText(
      'after',
      `
A line: {"source": "car", "receivedAt": 1743366034725, "car": "2", "vehicleId": "GR86-002-002", "lap": 21, "lapTimeMs": 112774,
"carTime": 1743366034311} or {"source": "timing", "receivedAt": …, "car": "2", "lap": 20, "lapTimeMs": 112812, "elapsedMs": …};
what is not known is left out. {"end": true} ends a race and prints its laps; the same lines in another order print the same.

Examples:
  $ pitwall strategy arbitrate < observations.jsonl
  $ (cat car.jsonl timing.jsonl; echo '{"end":true}') | pitwall strategy arbitrate`,
    )
    .action(async () => (await import('../strategy-arbitrate.js')).arbitrateLines());
  strategy
    .command('backtest')
    .description('Score the engine beside the baselines on races that are over; exit 6 when a must target is missed.')
    .requiredOption('--data <dir>', 'folder with races/index.json and a CSV of laps per race')
    .option('--series <name>', 'only these: f1, nascar, wec, grcup')
    .option('--race <id>', 'only this race')
    .option('--json', 'one JSON object a figure')
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall strategy backtest --data ../shared/data
  $ pitwall strategy backtest --data ../shared/data --series f1 --json

Columns: series, figure, ours with its 95 % interval over races, the best method without a model on the same cells, what we
must and want to reach there, and the number of races. Nothing after the moment of a question is ever shown to the engine.`,
    )
    .action(async (flags) => (await import('../strategy-backtest.js')).backtest(flags));
}

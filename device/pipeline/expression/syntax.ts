/**
 * The expression language: conditions of campaigns, derived channels, alarms and thresholds are all written in it.
 *
 *     expression = or
 *     or         = and ("or" and)*
 *     and        = negation ("and" negation)*
 *     negation   = "not" negation | comparison
 *     comparison = sum [("<" | "<=" | ">" | ">=" | "==" | "!=") sum]          one only: 1 < x < 3 is refused
 *     sum        = product (("+" | "-") product)*
 *     product    = sign (("*" | "/" | "%") sign)*
 *     sign       = "-" sign | primary
 *     primary    = number [unit | duration] | "true" | "false" | name | quoted | call | "(" expression ")"
 *     call       = function "(" expression ("," expression)* ")"
 *     number     = 12 | 0.5 | 1e-3
 *     unit       = "[" text "]"                 80 [km/h]; must be the unit of what it is compared with or added to
 *     duration   = "ms" | "s" | "min"           10 s = 10000 [ms]
 *     name       = letter or "_", then letters, digits, "_", "."
 *     quoted     = "…" or '…', without that quote inside: always a channel, whatever its name
 *
 * A bare name is a channel of the agent's table, or one of
 *
 *     lap          laps as the car counts them          lapTimeMs   the last lap's time
 *     distance     metres since the car saw the line    sector      1, 2, … by `track.sectorStartsM`
 *     linkUp       condition: MQTT is up                rttMs       round trip of the last publish
 *
 * Functions of numbers: abs sqrt sign floor ceil round exp log sin cos, pow(x, y) hypot(x, y) atan2(y, x),
 * min(x, …) max(x, …), clamp(x, low, high), if(condition, x, y), ifNull(x, y). Of a channel: isNull(x) has(x) last(x) prev(x).
 * Of a channel and a window, which is a duration: min max avg, and of the window before that prevMin prevMax prevAvg:
 * `avg(oilTemp, 10 s) - prevAvg(oilTemp, 10 s) > 3`.
 *
 * Meaning. A channel is its newest sample, which stays until the next one. **Missing** (a sample of NaN, none yet, division
 * by zero, the root of a negative number) goes through arithmetic and comparison: what is computed from it is missing. `and`,
 * `or`, `not` know three values: false and missing = false, true or missing = true, else missing. A condition holds only
 * when it is true, and what remembers (an alarm, a rising edge) takes missing as "no news". `last(x)` is the newest sample
 * that is not missing, `prev(x)` the one before it; windows leave missing samples out and are missing when empty.
 *
 * Units. A channel, and last, prev, min, max, avg, abs, clamp of it, have the table's unit; `+`, `-`, comparisons and `if` refuse
 * two different ones. Multiplying or dividing drops the unit: `pressure * 0.01 > 2 [bar]`.
 */

export type BinaryOperator = 'or' | 'and' | '<' | '<=' | '>' | '>=' | '==' | '!=' | '+' | '-' | '*' | '/' | '%';

/** A node knows where it starts in the text, for the refusals of the checker. */
export type Node =
  | { kind: 'number'; at: number; value: number; unit?: string; duration?: true }
  | { kind: 'truth'; at: number; value: boolean }
  | { kind: 'name'; at: number; name: string; quoted: boolean }
  | { kind: 'negative' | 'not'; at: number; operand: Node }
  | { kind: 'binary'; at: number; operator: BinaryOperator; left: Node; right: Node }
  | { kind: 'call'; at: number; name: string; args: Node[] };

/** Longest text: some lines of an editor, not a program. */
export const EXPRESSION_CHARS_MAX = 2000;
/** Names, numbers, operators and calls in one expression: what one evaluation costs at most. */
export const EXPRESSION_NODES_MAX = 256;
/** Parentheses, calls and signs inside one another. */
export const EXPRESSION_DEPTH_MAX = 32;

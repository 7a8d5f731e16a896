/**
 * One look for all reports: black on white when printed, by the reader's choice on a screen. Green = own best, violet = best
 * of the class, blue = pit, amber = slow or under a flag; each has a letter or a shape besides.
 */
export const STYLE = `
:root { color-scheme: light dark; --ink: #14171c; --muted: #565e6b; --line: #d8dce3; --ground: #fff; --card: #f4f5f8;
  --own: #0a7a33; --class: #6a26c4; --pit: #0b5fc0; --slow: #8f5400; --tint: 10 122 51; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e9ebef; --muted: #a0a9b8; --line: #2c323c; --ground: #0e1116; --card: #171b22;
    --own: #4fd580; --class: #c6a0ff; --pit: #74b5ff; --slow: #ffbd59; --tint: 79 213 128; } }
@page { size: A4; margin: 11mm 12mm; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 20px 24px 32px; max-width: 860px; background: var(--ground); color: var(--ink);
  font: 14px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; font-variant-numeric: tabular-nums; }
header { display: flex; justify-content: space-between; align-items: flex-end; gap: 16px; border-bottom: 2px solid var(--ink);
  padding-bottom: 8px; }
h1 { margin: 0; font-size: 30px; line-height: 1.1; }
h1 small { font-size: 17px; font-weight: 400; color: var(--muted); margin-left: 6px; }
header p { margin: 0; text-align: right; color: var(--muted); }
header p strong { color: var(--ink); }
h2 { font-size: 15px; margin: 22px 0 4px; }
.lead { font-size: 19px; line-height: 1.35; margin: 12px 0; }
.lead b { white-space: nowrap; }
.cards { display: grid; grid-template-columns: repeat(4, 1fr); gap: 10px; margin: 0; }
.cards div { background: var(--card); border-radius: 6px; padding: 9px 12px 10px; }
.cards dt { color: var(--muted); font-size: 12px; }
.cards dd { margin: 0; }
.cards .big { font-size: 25px; font-weight: 650; line-height: 1.2; white-space: nowrap; }
.cards .big small { font-size: 14px; font-weight: 400; color: var(--muted); }
.cards .more { color: var(--muted); font-size: 12.5px; }
figure { margin: 0; }
figcaption, .note { color: var(--muted); font-size: 12.5px; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 11px system-ui, "Liberation Sans", sans-serif; fill: var(--muted); font-variant-numeric: tabular-nums; }
svg .strong { fill: var(--ink); font-weight: 650; paint-order: stroke; stroke: var(--ground); stroke-width: 4px; }
svg .grid { stroke: var(--line); }
svg .trend { stroke: var(--ink); stroke-width: 1.4; stroke-dasharray: 6 3; fill: none; }
svg .path { stroke: var(--muted); stroke-width: 1; fill: none; opacity: .55; }
svg .ideal { stroke: var(--own); stroke-dasharray: 2 3; }
svg .clean { fill: var(--ink); }
svg .best { fill: var(--own); }
svg .slow { fill: var(--ground); stroke: var(--slow); stroke-width: 1.6; }
svg .pit { fill: var(--pit); }
svg .own { fill: var(--own); }
svg .class { fill: var(--ground); stroke: var(--class); stroke-width: 1.6; }
svg .pit-label { fill: var(--pit); }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { text-align: right; padding: 2.5px 8px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--muted); font-weight: 500; }
thead th { border-bottom: 1px solid var(--ink); }
th:first-child, td:first-child { text-align: left; }
td.word, th.word { text-align: left; }
td.own { color: var(--own); font-weight: 650; }
td.class { color: var(--class); font-weight: 650; }
tr.pit td, tr.slow td, tr.flag td, tr.untimed td { color: var(--muted); }
tr.first td { border-top: 2px solid var(--line); }
footer { margin-top: 18px; color: var(--muted); font-size: 12px; }
@media (max-width: 620px) { .cards { grid-template-columns: repeat(2, 1fr); } .scroll, figure { overflow-x: auto; }
  svg { min-width: 600px; } }
@media print {
  body { padding: 0; max-width: none; font-size: 11.5px; }
  figure, .cards, tr { break-inside: avoid; }
  h2 { break-after: avoid; margin-top: 14px; }
  thead { display: table-header-group; }
  .cards div { border: 1px solid var(--line); }
  * { print-color-adjust: exact; }
}`;

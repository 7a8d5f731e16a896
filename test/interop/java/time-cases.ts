/** Cases for time_to_epoch: patterns of java.time, and texts that were written with them, some of them spoilt. */
import { seededRandom } from '#wire/random.js';

export interface TimeCase {
  text: string;
  pattern: string;
}

/** Patterns that make an instant, of whose parts the random ones are put together too. */
const DATES = [
  'yyyy-MM-dd',
  'uuuu-MM-dd',
  'y-M-d',
  'yyyyMMdd',
  'd MMM yyyy',
  'EEE, d MMMM yyyy',
  'EEEE, MMMM d, y',
  'yy/MM/dd',
  'uuuu-DDD',
  'yyyyDDD',
  'G yyyy MM dd',
  'dd/MM/yyyy GGGG',
  'MM/dd/uuuu',
  'M.d.yy',
  'YYYY ww e',
  "YYYY-'W'w-e",
  'yyyy LLL dd',
  'yyyy LLLL dd',
  'yyyy-MM W e',
  'g',
  'yyyy QQQ MM dd',
  'yyyy q MM d',
  'y MM d ccc',
  'yyyy-MM-dd F',
];
const TIMES = [
  'HH:mm',
  'HH:mm:ss',
  'HH:mm:ss.SSS',
  'H:m:s',
  'HHmmss',
  'HHmmssSSS',
  'h:mm a',
  'hh:mm:ss a',
  'K:mm a',
  'kk:mm',
  'HH:mm:ss.SSSSSSSSS',
  'HH:mm:ss,S',
  'A',
  'N',
  'HH:mm:ss n',
  'HH',
  'h a',
];
const ZONES_WRITTEN = [
  'X',
  'XX',
  'XXX',
  'XXXX',
  'XXXXX',
  'x',
  'xx',
  'xxx',
  'Z',
  'ZZZZ',
  'ZZZZZ',
  'O',
  'OOOO',
  'VV',
  'z',
  'zzzz',
  'v',
  'vvvv',
];
const JOINTS = [' ', "'T'", ' ', '-', '', ',', "' o''clock '", ' [', '['];
const LETTERS = [...'GDMLdQqEFKhHkmsSAnNVvzOXxZpg'];

const ZONES = [
  'UTC',
  'Europe/Rome',
  'America/New_York',
  'Asia/Tokyo',
  'Asia/Kathmandu',
  'Australia/Sydney',
  'America/St_Johns',
  'America/Los_Angeles',
  '+01:00',
  '-05:30',
  'GMT+3',
  'Pacific/Auckland',
];

/**
 * What JDK 11 and 17 read differently, and is therefore not asked: digits of a week against other digits, five letters of a
 * word, AM or PM alone; weeks beside years.
 */
const CLOSE_WEEK = /([YwWec])(?!\1)[[\]]*[A-Za-z]|([A-Za-z])(?!\2)[[\]]*[YwWec]|([MLEecQqG])\3{4}|g[[\]A-Za-z]/;

/** What a pattern needs is written by Java: `text` is made from it and an instant; then it may be spoilt. */
export interface TimeDraft {
  pattern: string;
  ms: number;
  zone: string;
  /** Applied to the text that Java writes. */
  spoil: (text: string) => string;
}

export function timeDrafts(count: number, seed: number): TimeDraft[] {
  const random = seededRandom(seed);
  const pick = <Item>(from: readonly Item[]): Item => from[Math.floor(random() * from.length)];
  const run = () => pick(LETTERS).repeat(random() < 0.6 ? 1 + Math.floor(random() * 3) : 1 + Math.floor(random() * 5));
  const pattern = (): string => {
    let made = pick(DATES);
    if (random() < 0.75) made += pick(JOINTS) + pick(TIMES);
    if (random() < 0.55) made += pick([' ', '', ' [', '-']) + pick(ZONES_WRITTEN);
    if (random() < 0.25) made += pick(['-', ' ', '']) + run();
    if (random() < 0.1) made = run() + pick(['-', ' ', '']) + made;
    if (random() < 0.08) made = `ppp${made}`;
    return made.replace(/$/, ']'.repeat(random() < 0.8 ? (made.match(/\[/g)?.length ?? 0) : 0));
  };
  const spoils: ((text: string) => string)[] = [
    (text) => text.slice(0, -1),
    (text) => `${text} `,
    (text) => text.toLowerCase(),
    (text) => text.replace(/\d/, (digit) => String((Number(digit) + 1) % 10)),
    (text) => text.replace(/\d(?=\D*$)/, '9'),
    (text) => text.replace(/(\d)/, '0$1'),
    (text) => text.replace(/\d\d/, '99'),
    (text) => text.replace('-', '+'),
    (text) => text.replace(/\b(\d)/, '-$1'),
    (text) => text.replace(/[A-Z]+/, 'Z'),
  ];
  const settled = (): string => {
    for (;;) {
      const made = pattern();
      if (!CLOSE_WEEK.test(made)) return made;
    }
  };
  return Array.from({ length: count }, () => {
    const spoiling = random() < 0.3 ? pick(spoils) : (text: string) => text;
    const far = random() < 0.06;
    return {
      pattern: settled(),
      ms: Math.floor((far ? random() * 3000 - 2500 : random() * 80) * 365.25 * 86_400_000),
      zone: far ? 'UTC' : pick(ZONES),
      spoil: spoiling,
    };
  });
}

/** Cases for parse_time: patterns of Joda-Time, instants, zones. */
import { seededRandom } from '#wire/random.js';

export interface JodaCase {
  pattern: string;
  ms: number;
  zone: string;
}

const FIXED_PATTERNS = [
  'yyyy-MM-dd HH:mm:ss.SSS',
  "yyyy-MM-dd'T'HH:mm:ss.SSSZZ",
  'EEEE, d MMMM yyyy h:mm a',
  'EEE, dd MMM yyyy HH:mm:ss Z',
  'yy/M/d K:m:s',
  "xxxx-'W'ww-e",
  'xx ww e',
  'YYYY-DDD G',
  'YY yy xx CC G',
  'kk:mm',
  'hh a',
  'SSSSSSSSS',
  "''yyyy''",
  "'o''clock' h",
  "h 'o''clock'",
  "yyyy 'open",
  "'",
  "''",
  "'''",
  "''''",
  '{yyyy}[MM]#',
  'yyyyyyyyyy MMMMMM EEEEEE aaaa GGGG',
  'Z ZZ ZZZ ZZZZ',
  'S SS SSS SSSS',
  '😀yyyy',
  'é d',
  'L',
  'u',
  'yyyyQ',
  'T',
  'z',
  'zzzz',
];

const LETTERS = [...'GCYxweyDMdaKhHkmsSEzZ'];
const OTHERS = ['-', '/', ':', ' ', '.', ',', "'T'", "''", "'at'", "'o''clock'", '_', '1', 'é'];
/** Letters that Joda-Time does not know. */
const NO_LETTERS = [...'bflnopqrtuvABFILNOPQRTUVWX'];

/**
 * Not among them: Casablanca and Dublin, whose winter time is the exception; Joda-Time and ICU differ in which of the two is
 * called standard.
 */
const ZONES = [
  'UTC',
  'Europe/Rome',
  'America/New_York',
  'America/St_Johns',
  'Asia/Kolkata',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'Australia/Adelaide',
  'Pacific/Auckland',
  'Pacific/Apia',
  'America/Sao_Paulo',
  'Europe/London',
  'Asia/Kathmandu',
  'America/Los_Angeles',
  'GMT',
  'Etc/GMT+5',
  'EST5EDT',
  'EST',
  '+01:00',
  '-05:30',
  '+0530',
  '+12',
  '-00:30',
  '+00:00',
  '+23:59',
  '+01:02:03',
  '+01:02:03.456',
  'UTC+02:00',
  'GMT+3',
  '+1',
  '+24:00',
  'Z',
  'z',
  'PST',
  'CET',
  'Nowhere/Atall',
  'europe/rome',
  '',
];

const INSTANTS = [
  0,
  -1,
  1_763_683_200_123,
  Date.UTC(2000, 1, 29, 12),
  Date.UTC(1999, 11, 31, 23, 59, 59, 999),
  Date.UTC(2004, 11, 31, 23, 30),
  Date.UTC(2005, 0, 1, 0, 30),
  Date.UTC(2008, 11, 29),
  Date.UTC(2010, 0, 3),
  Date.UTC(2020, 11, 31, 13),
  Date.UTC(2021, 2, 28, 0, 59, 59, 999),
  Date.UTC(2021, 2, 28, 1),
  Date.UTC(2021, 9, 31, 0, 30),
  Date.UTC(2021, 9, 31, 1, 30),
  Date.UTC(2011, 11, 30, 9, 59),
  Date.UTC(2011, 11, 30, 10),
  Date.UTC(9999, 11, 31, 23, 59),
  Date.UTC(12_345, 5, 6, 7, 8, 9, 10),
  -62_135_596_800_000,
  -62_135_596_800_001,
  -62_167_219_200_001,
  -63_000_000_000_000,
  -65_000_000_000_000,
  -99_999_999_999_999,
];

/** The fixed patterns each with some instants and zones, then random ones of all letters. */
export function jodaCases(count: number, seed: number): JodaCase[] {
  const random = seededRandom(seed);
  const pick = <Item>(from: readonly Item[]): Item => from[Math.floor(random() * from.length)];
  const instant = () => (random() < 0.6 ? pick(INSTANTS) : Math.floor(random() * 80 * 365.25 * 86_400_000));
  const width = () => (random() < 0.7 ? 1 + Math.floor(random() * 4) : 1 + Math.floor(random() * 9));
  const piece = (): string => {
    const choice = random();
    if (choice < 0.02) return pick(NO_LETTERS).repeat(width());
    return choice < 0.65 ? pick(LETTERS).repeat(width()) : pick(OTHERS);
  };
  const pattern = () => Array.from({ length: 1 + Math.floor(random() * 7) }, piece).join('');
  const zone = () => (random() < 0.25 ? 'UTC' : pick(ZONES));
  return Array.from({ length: count }, (_, i) => ({
    pattern: i < FIXED_PATTERNS.length * 4 ? FIXED_PATTERNS[i % FIXED_PATTERNS.length] : pattern(),
    ms: instant(),
    zone: zone(),
  }));
}

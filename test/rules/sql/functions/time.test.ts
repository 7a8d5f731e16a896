import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evaluated } from '../evaluate.js';
import { type JodaAnswer, ourJodaAnswer, ourTimeAnswer, type TimeAnswer } from '../java-answers.js';

const MS = 1_763_683_200_123; // 2025-11-21T00:00:00.123Z

describe('parse_time', () => {
  const at = (pattern: string, zone?: string, ms: number = MS) =>
    evaluated(zone === undefined ? `parse_time(p, t)` : `parse_time(p, t, z)`, {
      payload: { p: pattern, t: ms, z: zone },
    });

  it.each([
    ["yyyy-MM-dd'T'HH:mm:ss.SSSZZ", 'Europe/Rome', '2025-11-21T01:00:00.123+01:00'],
    ['EEEE, d MMMM yyyy h:mm a', 'America/Los_Angeles', 'Thursday, 20 November 2025 4:00 PM'],
    ['EEE MMM D w x e', 'Asia/Tokyo', 'Fri Nov 325 47 2025 5'],
    ['z zzzz', 'Europe/Rome', 'CET Central European Standard Time'],
    ['z', 'Asia/Tokyo', 'JST'],
    ['z', 'Asia/Kolkata', 'IST'],
    ['z zzzz Z ZZ ZZZ', 'UTC', 'UTC Coordinated Universal Time +0000 +00:00 UTC'],
    ['Z ZZ ZZZ z', '+05:30', '+0530 +05:30 +05:30 +05:30'],
    ['Z', '-0330', '-0330'],
    ['yy YY C G', 'UTC', '25 25 20 AD'],
    ['k K H h', 'UTC', '24 0 0 12'],
    ['S SS SSSSS', 'UTC', '1 12 12300'],
    ["''yyyy'' 'o''clock'", 'UTC', "'2025' o'clock"],
    ["yyyy 'open", 'UTC', '2025 open'],
  ])('%s in %s', (pattern, zone, text) => expect(at(pattern, zone)).toBe(text));

  it('summer time comes and goes with the instant', () => {
    expect(at('HH:mm z', 'Europe/London', Date.UTC(2025, 6, 1))).toBe('01:00 BST');
    expect(at('HH:mm z', 'Europe/London', Date.UTC(2025, 0, 1))).toBe('00:00 GMT');
  });

  it('years before the first', () => {
    expect(at('yyyy YYYY G', 'UTC', -63_000_000_000_000)).toBe('-0027 0028 BC');
  });

  it.each([
    ['q', 'UTC'],
    ['', 'UTC'],
    ['yyyy', 'Nowhere/Atall'],
    ['yyyy', ''],
    ['yyyy', '+25:00'],
  ])('pattern %j in zone %j is Undefined', (pattern, zone) => expect(at(pattern, zone)).toBeUndefined());

  it.each([
    ['parse_time(missing, 0)', undefined],
    ['parse_time(null, 0)', undefined],
    ["parse_time('yyyy', missing)", undefined],
    ["parse_time('yyyy', null)", undefined],
    ["parse_time('yyyy', true)", undefined],
    ["parse_time('yyyy', 'soon')", undefined],
    ["parse_time('yyyy', 0, missing)", undefined],
    ["parse_time('yyyy')", undefined],
    ["parse_time('yyyy', 9E15)", undefined],
    ["parse_time('SSS', '12.9')", '012'],
    ['parse_time(5, 0)', '5'],
  ])('%s: %j', (expression, value) => expect(evaluated(expression)).toBe(value));
});

describe('time_to_epoch', () => {
  const read = (text: string, pattern: string) =>
    evaluated('time_to_epoch(t, p)', { payload: { t: text, p: pattern } });
  const utc = (...parts: Parameters<typeof Date.UTC>) => Date.UTC(...parts);

  it.each([
    ['2020-04-03 09:45:18 UTC+01:00', 'yyyy-MM-dd HH:mm:ss VV', 1585903518000],
    ['18 December 2015', 'dd MMMM yyyy', 1450396800000],
    ['2007-12-03 10:15:30.592 America/Los_Angeles', 'yyyy-MM-dd HH:mm:ss.SSS z', 1196705730592],
    ['2007-12-03 10:15:30.592 PST', 'yyyy-MM-dd HH:mm:ss.SSS z', 1196705730592],
    ['20211231235959123', 'yyyyMMddHHmmssSSS', utc(2021, 11, 31, 23, 59, 59, 123)],
    ['2021-11-21T01:02:03.123456Z', "yyyy-MM-dd'T'HH:mm:ss.SSSSSSX", utc(2021, 10, 21, 1, 2, 3, 123)],
    ['2021-11-21T01:02:03+0530', "yyyy-MM-dd'T'HH:mm:ssZ", utc(2021, 10, 20, 19, 32, 3)],
    ['2021-11-21 GMT+5', 'yyyy-MM-dd O', utc(2021, 10, 20, 19)],
    ['Sun, 21 Nov 2021 1:02 PM', 'EEE, d MMM yyyy h:mm a', utc(2021, 10, 21, 13, 2)],
    ['21-325', 'yy-DDD', utc(2021, 10, 21)],
    ['2021-11-21 24:00', 'yyyy-MM-dd HH:mm', utc(2021, 10, 22)],
    ['2021-02-31', 'yyyy-MM-dd', utc(2021, 1, 28)],
    ['2021-11-21', 'yyyy-MM-dd[ HH:mm[:ss]]', utc(2021, 10, 21)],
    ['2021-11-21 10:11', 'yyyy-MM-dd[ HH:mm[:ss]]', utc(2021, 10, 21, 10, 11)],
    ['2021 48 1', 'YYYY ww e', utc(2021, 10, 21)],
    ['0001-01-01 BC', 'yyyy-MM-dd G', -62167219200000],
    ["o'clock 2021", "'o''clock' yyyy-MM", undefined],
  ])('%j as %s', (text, pattern, ms) => expect(read(text, pattern)).toBe(ms));

  it('of a local time that comes twice, the earlier; one that is skipped moves on', () => {
    expect(read('2021-10-31 02:30 Europe/Rome', 'yyyy-MM-dd HH:mm VV')).toBe(utc(2021, 9, 31, 0, 30));
    expect(read('2021-03-28 02:30 Europe/Rome', 'yyyy-MM-dd HH:mm VV')).toBe(utc(2021, 2, 28, 1, 30));
  });

  it.each([
    ['2021-13-01', 'yyyy-MM-dd', 'a month that is none'],
    ['2021-11-21x', 'yyyy-MM-dd', 'more than the pattern'],
    ['2021-11-2', 'yyyy-MM-dd', 'a digit too few'],
    ['12021-11-21', 'yyyy-MM-dd', 'a digit too many'],
    ['Mon, 21 Nov 2021', 'EEE, d MMM yyyy', 'another weekday'],
    ['21 nov 2021', 'd MMM yyyy', 'another case'],
    ['2021-11-21 10', 'yyyy-MM-dd h', 'an hour without AM or PM'],
    ['10:15', 'HH:mm', 'no date'],
    ['2021-11-21', 'yyyy-MM-dd]', 'a bracket that closes nothing'],
    ['2021', "yyyy'", 'a quote without an end'],
    ['2021', 'bbbb', 'a letter that is none'],
    ['2021-11-21 Mars/Base', 'yyyy-MM-dd VV', 'a zone that is none'],
    ['2021-11-21 +19:00', 'yyyy-MM-dd XXX', 'an offset that is none'],
  ])('%j as %s is Undefined: %s', (text, pattern) => expect(read(text, pattern)).toBeUndefined());

  it.each([
    ["time_to_epoch(missing, 'yyyy')", undefined],
    ["time_to_epoch(null, 'yyyy')", undefined],
    ["time_to_epoch('2021', missing)", undefined],
    ["time_to_epoch('2021')", undefined],
    ["time_to_epoch(20211121, 'yyyyMMdd')", utc(2021, 10, 21)],
    ["time_to_epoch(true, 'yyyy')", undefined],
  ])('%s: %j', (expression, value) => expect(evaluated(expression)).toBe(value));
});

const answersOfJava = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../fixtures/${name}`, import.meta.url), 'utf8'));

it('parse_time agrees with Joda-Time on random patterns', () => {
  const answers: JodaAnswer[] = answersOfJava('joda-time.json');
  for (const answer of answers) expect(ourJodaAnswer(answer)).toEqual(answer);
  expect(answers.filter(({ text }) => text !== null).length).toBeGreaterThan(400);
});

it('time_to_epoch agrees with OpenJDK on random patterns', () => {
  const answers: TimeAnswer[] = answersOfJava('java-time.json');
  for (const answer of answers) expect(ourTimeAnswer(answer)).toEqual(answer);
  expect(answers.filter(({ epochMs }) => epochMs !== null).length).toBeGreaterThan(400);
});

describe('what parse_time writes, time_to_epoch reads', () => {
  it.each([
    "yyyy-MM-dd'T'HH:mm:ss.SSSZZ|yyyy-MM-dd'T'HH:mm:ss.SSSXXXXX",
    'yyyyMMddHHmmssSSS Z|yyyyMMddHHmmssSSS Z',
    'EEEE, d MMMM yyyy h:mm:ss.SSS a Z|EEEE, d MMMM yyyy h:mm:ss.SSS a Z',
    "D 'of' yyyy, k:mm:ss.SSS Z|D 'of' yyyy, k:mm:ss.SSS Z",
    'yyyy-MM-dd HH:mm:ss.SSS ZZZ|yyyy-MM-dd HH:mm:ss.SSS VV',
  ])('%s', (patterns) => {
    const [write, read] = patterns.split('|');
    for (const zone of ['UTC', 'Europe/Rome', 'America/St_Johns', 'Asia/Tokyo', '-05:30']) {
      for (const t of [0, 1_763_683_200_123, 951_825_600_000, 1_640_995_199_999, -86_400_001]) {
        expect({
          zone,
          t,
          read: evaluated('time_to_epoch(parse_time(w, t, z), r)', { payload: { w: write, r: read, t, z: zone } }),
        }).toEqual({ zone, t, read: t });
      }
    }
  });
});

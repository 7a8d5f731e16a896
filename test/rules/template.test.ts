// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are templates of AWS IoT SQL, not of JavaScript
import { describe, expect, it } from 'vitest';
import { Evaluation } from '#rules/sql/evaluation.js';
import { compileStatement } from '#rules/sql/statement.js';
import { Work } from '#rules/sql/work.js';
import { compileTemplate } from '#rules/template.js';

const evaluation = new Evaluation(
  {
    topic: 'pitwall/v1/car-24/events',
    payload: Buffer.from('{"lap":12,"tags":["a"]}'),
    timestampMs: 1_763_683_200_123.7,
  },
  { random: () => 0.5 },
);

describe('substitution templates', () => {
  it.each([
    ['${topic(3)}', 'car-24'],
    ['plain', 'plain'],
    ['', ''],
    ['${lap}-${missing}-${null}', '12--'],
    ['a ${concat("}", get({"k": lap}, \'k\'))} z', 'a }12 z'],
    ['${tags}', '["a"]'],
    ['$$aws/things/${topic(3)}', '$aws/things/car-24'],
    ['${parse_time("yyyy/MM/dd/HH", timestamp(), "UTC")}', '2025/11/21/00'],
    ['${newuuid()}', '88888888-8888-4888-8888-888888888888'],
    ['100 $ and }', '100 $ and }'],
  ])('%s gives %s', (template, text) => {
    expect(compileTemplate(template, [])({ evaluation, variables: [], work: new Work(() => 0.5) })).toBe(text);
  });

  it('sees the variables of SET, not the names of SELECT', () => {
    const statement = compileStatement("SET @next = lap + 1 SELECT lap AS round FROM 'a'");
    const template = compileTemplate('${@next}/${round}', statement.variables);
    expect(template(statement.scope(evaluation))).toBe('13/');
  });

  it('says where it is wrong', () => {
    expect(() => compileTemplate('key-${topic(3}', [])).toThrow("Expected ')', found the end (line 1, column 14)");
    expect(() => compileTemplate('key-${topic(3)', [])).toThrow("has no '}' (line 1, column 5)");
    expect(() => compileTemplate('${tpic(3)}', [])).toThrow("'tpic' is no function");
  });
});

import { describe, expect, it } from 'vitest';
import { policiesOf, type Role } from '#certs/policies.js';
import { PolicyError } from '#certs/policy/errors.js';
import { parsePolicy } from '#certs/policy/parse.js';

const ANY = { Effect: 'Allow', Action: 'iot:*', Resource: '*' };

function refusal(document: unknown): PolicyError {
  try {
    parsePolicy(typeof document === 'string' ? document : JSON.stringify(document, null, 2));
  } catch (error) {
    if (error instanceof PolicyError) return error;
    throw error;
  }
  throw new Error('The document was taken.');
}

const withStatement = (statement: object) => ({ Version: '2012-10-17', Statement: [ANY, { ...ANY, ...statement }] });

describe('a policy document', () => {
  it('may have one statement, no version, ids, and texts for lists', () => {
    expect(parsePolicy(JSON.stringify({ Statement: ANY })).version).toBe('2008-10-17');
    const { statements } = parsePolicy(JSON.stringify({ Id: 'x', Statement: [{ Sid: 'all', ...ANY }] }));
    expect(statements[0]).toMatchObject({ sid: 'all', effect: 'Allow' });
  });

  it.each<Role>(['car', 'trackside', 'operator', 'claim'])('of the product is one: %s', (role) => {
    for (const { document } of policiesOf(role, { region: 'eu-west-1', account: '123456789012' })) {
      expect(() => parsePolicy(JSON.stringify(document))).not.toThrow();
    }
  });

  it('that is not JSON is refused with line and column', () => {
    const error = refusal('{\n  "Version": "2012-10-17",\n  "Statement": [,]\n}');
    expect([error.code, error.place]).toEqual(['PW-POLICY-SYNTAX', { path: 'Statement[0]', line: 3, column: 17 }]);
  });

  it.each([
    ['{"a":1}x', 'follows'],
    ['{"a":"b', 'does not end'],
    ['{"a":"\\x"}', 'unknown escape'],
    ['{"a":1,"a":2}', 'stands twice'],
    ['{"a" 1}', 'colon'],
    ['{"a":1', 'comma or }'],
    ['[1 2]', 'comma or ]'],
    ['{a:1}', 'double quotes'],
    ['', 'ends where a value was wanted'],
    [`${'['.repeat(40)}`, 'deep'],
    ['{"a":01}', 'comma or }'],
  ])('%s is refused: %s', (text, what) => {
    const { code, message } = refusal(text);
    expect(code).toBe('PW-POLICY-SYNTAX');
    expect(message).toContain(what);
  });

  it.each<[string, unknown, string]>([
    ['', [], 'an object, not an array'],
    ['', {}, 'Statement is missing'],
    ['Version', { Version: '2012-10-18', Statement: ANY }, '2008-10-17'],
    ['statement', { statement: ANY }, 'written Statement'],
    ['Statement', { Statement: [] }, 'At least one statement'],
    ['Statement[1].Effect', withStatement({ Effect: 'allow' }), 'in this spelling'],
    ['Statement[1].Principal', withStatement({ Principal: '*' }), 'has no Principal'],
    ['Statement[1].Action', withStatement({ Action: 'Publish' }), 'not an action'],
    ['Statement[1].Action[1]', withStatement({ Action: ['iot:Publish', 3] }), 'not a number'],
    ['Statement[1].Action', withStatement({ Action: [] }), 'At least one'],
    ['Statement[1].NotAction', withStatement({ NotAction: 'iot:Connect' }), 'exclude each other'],
    ['Statement[1].Resource', withStatement({ Resource: 'topic/x' }), 'nor an ARN'],
    ['Statement[1].Resource', withStatement({ Resource: 'arn:aws:iot:*:topic/x' }), 'nor an ARN'],
    ['Statement[1].Resource', withStatement({ Resource: `arn:aws:iot:r:1:topic/\${iot:ClientId` }), 'does not close'],
    ['Statement[1].Condition', withStatement({ Condition: [] }), 'an object, not an array'],
    ['Statement[1].Condition.StringIs', withStatement({ Condition: { StringIs: {} } }), 'No condition operator'],
    ['Statement[1].Condition.bool', withStatement({ Condition: { bool: {} } }), 'written Bool'],
    ['Statement[1].Condition.NullIfExists', withStatement({ Condition: { NullIfExists: {} } }), 'takes neither'],
    [
      'Statement[1].Condition.IpAddress.aws:SourceIp[1]',
      withStatement({ Condition: { IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '10.0.0.0/33'] } } }),
      'a range such as',
    ],
    ['Statement[1].Condition.Bool.x', withStatement({ Condition: { Bool: { x: 'yes' } } }), 'true or false'],
    [
      'Statement[1].Condition.NumericEquals.x',
      withStatement({ Condition: { NumericEquals: { x: '1a' } } }),
      'a number',
    ],
    ['Statement[1].Condition.DateLessThan.x', withStatement({ Condition: { DateLessThan: { x: 'soon' } } }), 'a date'],
    ['Statement[1].Condition.ArnLike.x', withStatement({ Condition: { ArnLike: { x: 'arn:aws' } } }), 'six parts'],
    ['Statement[1].Condition.StringLike.x', withStatement({ Condition: { StringLike: { x: null } } }), 'not null'],
  ])('with a fault at "%s" is refused there', (path, document, what) => {
    const error = refusal(document);
    expect([error.code, error.place.path]).toEqual(['PW-POLICY-GRAMMAR', path]);
    expect(error.message).toContain(what);
  });

  it('lacking an action names the statement', () => {
    const error = refusal({ Statement: [{ Effect: 'Allow', Resource: '*' }] });
    expect([error.place.path, error.message]).toEqual([
      'Statement[0]',
      expect.stringContaining('NotAction is missing'),
    ]);
  });

  it('may have 2048 characters, white space not counted', () => {
    const fitting = (chars: number) => {
      const text = JSON.stringify({ Statement: { ...ANY, Sid: '' } }, null, 4);
      const missing = chars - text.replace(/\s/g, '').length;
      return text.replace('"Sid": ""', `"Sid": "${'s'.repeat(missing)}"`);
    };
    expect(() => parsePolicy(fitting(2048))).not.toThrow();
    expect(refusal(fitting(2049)).code).toBe('PW-POLICY-SIZE');
  });
});

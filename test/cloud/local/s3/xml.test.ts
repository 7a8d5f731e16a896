import fc from 'fast-check';
import { expect, it } from 'vitest';
import { childText, parseXml, xmlDocument } from '#cloud/local/s3/xml.js';

const SEED = 32;

it(`reads what it writes (seed ${SEED})`, () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.string()), (text, keys) => {
      const root = parseXml(xmlDocument('Root', { Text: text, Absent: undefined, Key: keys }));
      expect(root.name).toBe('Root');
      expect(childText(root, 'Text')).toBe(text);
      expect(childText(root, 'Absent')).toBeUndefined();
      expect(root.children.filter(({ name }) => name === 'Key').map((key) => key.text)).toEqual(keys);
    }),
    { seed: SEED },
  );
});

it('reads prefixes, comments, CDATA, references and attributes as clients write them', () => {
  const document = parseXml(
    `<?xml version='1.0'?>\n<!-- x --><s3:Delete xmlns:s3="http://x/" a='b'><s3:Key>a&amp;&#x41;&#66;<![CDATA[<c>]]></s3:Key><Quiet/></s3:Delete>\n`,
  );
  expect(document.name).toBe('Delete');
  expect(childText(document, 'Key')).toBe('a&AB<c>');
  expect(childText(document, 'Quiet')).toBe('');
});

it.each([
  '',
  'text',
  '<a>',
  '<a></b>',
  '<a/><b/>',
  '<a>&unknown;</a>',
  '<a>&#x110000;</a>',
  '<a b></a>',
  '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
  '<a>'.repeat(20) + '</a>'.repeat(20),
])('refuses %s', (text) => {
  expect(() => parseXml(text)).toThrow(expect.objectContaining({ code: 'MalformedXML' }));
});

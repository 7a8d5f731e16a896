import { malformedXml } from './errors.js';

/** The XML of S3's protocol: elements and text. Attributes are read over, document types refused. */

/** What is written for an element: text, elements in order, or several of the same name. Undefined is left out. */
export type XmlContent = string | number | boolean | undefined | XmlFields | readonly (string | XmlFields)[];
export interface XmlFields {
  readonly [name: string]: XmlContent;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** @example xmlDocument('ListBucketResult', { Name: 'b', Contents: [{ Key: 'k' }] }) */
export function xmlDocument(root: string, content: XmlFields | string, namespace = NAMESPACE): string {
  const attribute = namespace === '' ? '' : ` xmlns="${namespace}"`;
  const inner = typeof content === 'string' ? escapeText(content) : fieldsText(content);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${inner}</${root}>`;
}

function fieldsText(fields: XmlFields): string {
  let text = '';
  for (const [name, content] of Object.entries(fields)) text += elementText(name, content);
  return text;
}

function elementText(name: string, content: XmlContent): string {
  if (content === undefined) return '';
  if (isList(content)) return content.map((each) => elementText(name, each)).join('');
  if (typeof content === 'object') return `<${name}>${fieldsText(content)}</${name}>`;
  return `<${name}>${escapeText(String(content))}</${name}>`;
}

function isList(content: XmlContent): content is readonly (string | XmlFields)[] {
  return Array.isArray(content);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters go as references, as S3 writes them; a parser that refuses them asks for `encoding-type=url`. */
function escapeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
  return text.replace(/[&<>"\u0000-\u001f]/g, (char) => ENTITIES[char] ?? `&#x${char.charCodeAt(0).toString(16)};`);
}

export interface XmlElement {
  name: string;
  children: XmlElement[];
  text: string;
}

/** Deeper than any document of S3's. */
const DEPTH_MAX = 8;

const TOKEN =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([A-Za-z_][\w.-]*(?::[\w.-]+)?)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy;

/** The root element. Throws MalformedXML. */
export function parseXml(text: string): XmlElement {
  const top: XmlElement = { name: '', children: [], text: '' };
  const open = [top];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    const match = TOKEN.exec(text);
    if (match === null) throw malformedXml();
    const [, cdata, closing, name, , selfClosing, characters] = match;
    const current = open[open.length - 1];
    if (cdata !== undefined) current.text += cdata;
    else if (characters !== undefined) current.text += unescapeText(characters);
    else if (name === undefined) continue;
    else if (closing) {
      if (open.length === 1 || current.name !== localName(name)) throw malformedXml();
      open.pop();
    } else {
      const element: XmlElement = { name: localName(name), children: [], text: '' };
      current.children.push(element);
      if (!selfClosing && open.push(element) > DEPTH_MAX) throw malformedXml();
    }
  }
  if (open.length !== 1 || top.children.length !== 1 || top.text.trim() !== '') throw malformedXml();
  return top.children[0];
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeText(text: string): string {
  return text.replace(/&([^;&]*);?/g, (all, name: string) => {
    const named = NAMED[name];
    if (named !== undefined) return named;
    const code = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name);
    const point = code === null ? Number.NaN : Number.parseInt(code[1] ?? code[2], code[1] === undefined ? 10 : 16);
    if (!(point <= 0x10ffff) || !all.endsWith(';')) throw malformedXml();
    return String.fromCodePoint(point);
  });
}

export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

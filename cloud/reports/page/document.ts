import { type Markup, markup } from './markup.js';
import { STYLE } from './style.js';

/** A whole page in one file: no script, no request to anybody, also when a name in it tries to make one. */
export function document(title: string, body: Markup): string {
  const head = markup`<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>`;
  return `<!doctype html>\n<html lang="en">\n<head>\n${head.text}\n<style>${STYLE}\n</style>\n</head>\n<body>\n${body.text}\n</body>\n</html>\n`;
}

import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';

/** What vite emits; a file of another kind is not served. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};
/** Made beside each text file by the build; best first. */
const ENCODINGS = [
  { name: 'br', extension: '.br' },
  { name: 'gzip', extension: '.gz' },
] as const;
/** The page is a handful of files: more means that the folder is not the page's. */
const MAX_FILES = 200;

interface StaticFile {
  type: string;
  cacheControl: string;
  bytes: Buffer;
  encoded: { name: string; bytes: Buffer }[];
}

export interface StaticFiles {
  /** Whether there is a page at all. */
  readonly built: boolean;
  /** Serves the file at this path and returns true, or returns false. */
  serve(request: IncomingMessage, response: ServerResponse, path: string): boolean;
}

/**
 * Reads the built page into memory. Served by exact path from there: no path of a request ever reaches the disk.
 * Files under `/assets/` carry a hash in their name and are cached for ever, the others are asked for each time.
 */
export async function readStaticFiles(folder: string): Promise<StaticFiles> {
  const names = await readdir(folder, { recursive: true }).catch((): string[] => []);
  const files = new Map<string, StaticFile>();
  for (const name of names.slice(0, MAX_FILES)) {
    const type = CONTENT_TYPES[extname(name)];
    if (!type) continue;
    const path = `/${name.split(sep).join('/')}`;
    const encoded: StaticFile['encoded'] = [];
    for (const encoding of ENCODINGS) {
      if (!names.includes(name + encoding.extension)) continue;
      encoded.push({ name: encoding.name, bytes: await readFile(join(folder, name + encoding.extension)) });
    }
    const cacheControl = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    files.set(path, { type, cacheControl, bytes: await readFile(join(folder, name)), encoded });
  }
  const index = files.get('/index.html');
  if (index) files.set('/', index);
  return {
    built: index !== undefined,
    serve(request, response, path) {
      const file = files.get(path);
      if (!file) return false;
      const accepted = String(request.headers['accept-encoding'] ?? '').split(/\s*,\s*/);
      const encoding = file.encoded.find(({ name }) => accepted.some((offer) => offer.split(';')[0] === name));
      const bytes = encoding?.bytes ?? file.bytes;
      response.writeHead(200, {
        'content-type': file.type,
        'content-length': bytes.length,
        'cache-control': file.cacheControl,
        vary: 'accept-encoding',
        ...(encoding && { 'content-encoding': encoding.name }),
      });
      response.end(request.method === 'HEAD' ? undefined : bytes);
      return true;
    },
  };
}

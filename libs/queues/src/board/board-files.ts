import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const UI = path.join(path.dirname(require.resolve('@bull-board/ui/package.json')), 'dist');

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

export interface BoardFile {
  readonly type: string;
  readonly content: Buffer;
}

/** Scripts, styles and texts of the board's page, by their path below it: `static/js/main.js`. */
export class BoardFiles {
  private readonly found = new Map<string, string>();
  private readonly read = new Map<string, BoardFile>();

  constructor() {
    const entries = readdirSync(path.join(UI, 'static'), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      this.found.set(path.relative(UI, file).replaceAll(path.sep, '/'), file);
    }
  }

  /** Null when there is none. */
  get(name: string): BoardFile | null {
    const known = this.read.get(name);
    if (known !== undefined) return known;
    const place = this.found.get(name);
    const type = TYPES[path.extname(name)];
    if (place === undefined || type === undefined) return null;
    const file = { type, content: readFileSync(place) };
    this.read.set(name, file);
    return file;
  }
}

export function pageTemplate(): string {
  return readFileSync(path.join(UI, 'index.ejs'), 'utf8');
}

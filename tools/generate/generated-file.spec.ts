import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bringUpToDate, replaceBetweenMarkers } from './generated-file.js';

describe('bringUpToDate', () => {
  let root: string;
  beforeEach(async () => (root = await mkdtemp(path.join(tmpdir(), 'generate-'))));
  afterEach(() => rm(root, { recursive: true }));

  const file = { path: 'made.txt', what: 'all', render: () => 'new' };

  it('writes what differs, and is content afterwards', async () => {
    await writeFile(path.join(root, 'made.txt'), 'old');
    expect(await bringUpToDate(root, file, false)).toBe(false);
    expect(await readFile(path.join(root, 'made.txt'), 'utf8')).toBe('new');
    expect(await bringUpToDate(root, file, true)).toBe(true);
  });

  it('only reports when checking, a missing file included', async () => {
    expect(await bringUpToDate(root, file, true)).toBe(false);
    await expect(readFile(path.join(root, 'made.txt'))).rejects.toThrow('ENOENT');
  });
});

describe('replaceBetweenMarkers', () => {
  it('keeps everything around the markers, however often it is done', () => {
    const text = 'above\n<!-- x:begin -->\nold\n<!-- x:end -->\nbelow\n';
    const once = replaceBetweenMarkers(text, 'x', 'new');
    expect(once).toBe('above\n<!-- x:begin -->\n\nnew\n\n<!-- x:end -->\nbelow\n');
    expect(replaceBetweenMarkers(once, 'x', 'new')).toBe(once);
  });

  it('refuses a text without them', () => {
    expect(() => replaceBetweenMarkers('text', 'x', 'new')).toThrow('<!-- x:begin -->');
  });
});

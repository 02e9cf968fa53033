import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newId } from '@app/common';
import fc from 'fast-check';
import { FileDamagedError, STORED_CHUNK_BYTES } from './chunk-cipher.js';
import { FileMissingError, FileStore, type StoredFile } from './file-store.js';

describe('the file store', () => {
  const content = randomBytes(300_000);
  let folder: string;
  let store: FileStore;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'clinserve-files-'));
    store = new FileStore(folder);
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function put(id: string, bytes = content): Promise<StoredFile> {
    const key = randomBytes(32);
    const writer = await store.create(id, key);
    for (let at = 0; at < bytes.length; at += 10_007) {
      await writer.write(bytes.subarray(at, at + 10_007));
    }
    await writer.finish();
    return { id, key, size: bytes.length };
  }

  async function get(file: StoredFile, start?: number, end?: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of store.read(file, start, end)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async function change(id: string, at: number): Promise<void> {
    const stored = await readFile(path.join(folder, id));
    stored[at]! ^= 1;
    await writeFile(path.join(folder, id), stored);
  }

  it('gives back any range of what was written', async () => {
    const file = await put('a');
    const at = fc.integer({ min: 0, max: content.length });
    await fc.assert(
      fc.asyncProperty(at, at, async (one, other) => {
        const [start, end] = one < other ? [one, other] : [other, one];
        expect((await get(file, start, end)).equals(content.subarray(start, end))).toBe(true);
      }),
      { numRuns: 50 },
    );
    expect((await get(await put('b', content.subarray(0, 65_536)))).length).toBe(65_536);
  });

  it('keeps nothing readable on disk', async () => {
    const words = Buffer.from('The patient denies chest pain. '.repeat(5_000));
    await put('a', words);
    expect((await readFile(path.join(folder, 'a'))).includes('chest pain')).toBe(false);
  });

  it('notices a changed byte in the chunk that holds it, and in no other', async () => {
    const file = await put('a');
    await change('a', STORED_CHUNK_BYTES + 5);
    await expect(get(file, 70_000, 70_001)).rejects.toThrow(FileDamagedError);
    await expect(get(file)).rejects.toThrow(FileDamagedError);
    expect((await get(file, 0, 65_536)).equals(content.subarray(0, 65_536))).toBe(true);
  });

  it('notices a missing end, exchanged chunks and another key', async () => {
    const cut = await put('cut');
    await truncate(path.join(folder, 'cut'), STORED_CHUNK_BYTES);
    await expect(get(cut, 0, 10)).rejects.toThrow(FileDamagedError);

    const swapped = await put('swapped');
    const stored = await readFile(path.join(folder, 'swapped'));
    const first = Buffer.from(stored.subarray(0, STORED_CHUNK_BYTES));
    stored.copyWithin(0, STORED_CHUNK_BYTES, 2 * STORED_CHUNK_BYTES);
    first.copy(stored, STORED_CHUNK_BYTES);
    await writeFile(path.join(folder, 'swapped'), stored);
    await expect(get(swapped, 0, 10)).rejects.toThrow(FileDamagedError);

    const file = await put('a');
    await expect(get({ ...file, key: randomBytes(32) })).rejects.toThrow(FileDamagedError);
  });

  it('has nothing of an abandoned file, and says so of a removed one', async () => {
    const writer = await store.create('a', randomBytes(32));
    await writer.write(content);
    await writer.abandon();
    expect(await readdir(folder)).toEqual([]);

    const file = await put('b');
    await store.remove('b');
    await store.remove('b');
    await expect(get(file)).rejects.toThrow(FileMissingError);
  });

  it('closes a file whose reader stops early', async () => {
    const file = await put('a');
    for (let i = 0; i < 20; i++) {
      for await (const piece of store.read(file)) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
    }
    const open = await Promise.all(
      (await readdir('/proc/self/fd')).map((fd) =>
        import('node:fs/promises').then(({ readlink }) =>
          readlink(`/proc/self/fd/${fd}`).catch(() => ''),
        ),
      ),
    );
    expect(open.filter((target) => target.startsWith(folder))).toEqual([]);
  });

  it('removes uploads whose process died, and names old files', async () => {
    const ids = Array.from({ length: 4 }, newId) as [string, string, string, string];
    const [oldId, freshId, deadId, liveId] = ids;
    await put(oldId);
    await put(freshId);
    const dead = await store.create(deadId, randomBytes(32));
    const live = await store.create(liveId, randomBytes(32));
    const long = new Date(Date.now() - 10_000_000);
    for (const name of [oldId, `${deadId}.part`]) await utimes(path.join(folder, name), long, long);
    expect(await store.idleSince(new Date(Date.now() - 5_000_000))).toEqual([oldId]);
    expect((await readdir(folder)).sort()).toEqual([oldId, freshId, `${liveId}.part`].sort());
    await dead.abandon();
    await live.abandon();
    expect(await new FileStore(path.join(folder, 'none')).idleSince(new Date())).toEqual([]);
  });
});

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openServerFolder, type ServerFolder } from './server-folder.js';
import { removeStaleLocks } from './stale-locks.js';

describe('removeStaleLocks', () => {
  let dataDir: string;
  let folder: ServerFolder;
  beforeEach(async () => {
    dataDir = await mkdtemp('/tmp/locks-');
    folder = await openServerFolder(dataDir);
    await mkdir(folder.data);
    await mkdir(folder.sockets);
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('removes the lock of the cluster and that of the socket, and says whose they were', async () => {
    const files = [
      path.join(folder.data, 'postmaster.pid'),
      path.join(folder.sockets, '.s.PGSQL.5432.lock'),
      path.join(folder.sockets, '.s.PGSQL.5432'),
    ];
    for (const file of files) await writeFile(file, '4711\n');
    expect(await removeStaleLocks(folder)).toBe(4711);
    expect(files.filter((file) => existsSync(file))).toEqual([]);
  });

  it('removes the socket’s lock alone, where that is all there is', async () => {
    const lock = path.join(folder.sockets, '.s.PGSQL.5432.lock');
    await writeFile(lock, '4711\n');
    expect(await removeStaleLocks(folder)).toBeNaN();
    expect(existsSync(lock)).toBe(false);
  });
});

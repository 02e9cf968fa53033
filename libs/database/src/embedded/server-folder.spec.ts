import { mkdtemp, readdir, realpath, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { clusterVersion, logTail, openServerFolder } from './server-folder.js';

describe('the server’s folder', () => {
  let dataDir: string;
  beforeEach(async () => (dataDir = await realpath(await mkdtemp('/tmp/folder-'))));
  afterEach(() => rm(dataDir, { recursive: true }));

  it('keeps the socket beside the data, and under a long path in /tmp, the same for everyone', async () => {
    expect((await openServerFolder(dataDir)).sockets).toBe(path.join(dataDir, 'postgres/run'));
    const long = path.join(dataDir, 'é'.repeat(40));
    const { sockets } = await openServerFolder(long);
    expect(sockets).toMatch(/^\/tmp\/clinserve-[\da-f]{16}$/);
    expect((await openServerFolder(path.join(long, '../', 'é'.repeat(40)))).sockets).toBe(sockets);
  });

  it('has no version before there is a cluster', async () => {
    expect(await clusterVersion(await openServerFolder(dataDir))).toBeNull();
  });

  it('starts a new log when the old one has grown large', async () => {
    const { log } = await openServerFolder(dataDir);
    await writeFile(log, '1\n2\n3\n4\n5\n6\n');
    expect(await logTail(await openServerFolder(dataDir))).toBe('2\n3\n4\n5\n6');
    await truncate(log, 5 * 1024 * 1024);
    await openServerFolder(dataDir);
    expect(await readdir(path.join(dataDir, 'postgres'))).toEqual(['postgres.log.1']);
  });
});

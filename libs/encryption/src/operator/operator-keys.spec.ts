import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetupError } from '@app/common';
import { KeyFile } from './key-file.js';
import { OperatorKeys } from './operator-keys.js';

const secret = randomBytes(32);
let folder: string;
let file: KeyFile;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'operator keys '));
  file = new KeyFile(join(folder, 'state', 'encryption.key'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the key file', () => {
  it('is made once, for its owner only, by however many start at once', async () => {
    const starting = Array.from(
      { length: 8 },
      () => new OperatorKeys(null, new KeyFile(file.path)),
    );
    await Promise.all(starting.map((keys) => keys.prepare()));
    const ids = await Promise.all(starting.map((keys) => keys.currentId()));
    expect(new Set(ids).size).toBe(1);
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'state'))).toEqual(['encryption.key']);
  });

  it('is not made where keys are set', async () => {
    await new OperatorKeys([randomBytes(32)], file).prepare();
    expect(await file.read()).toBeNull();
  });

  it('is refused when everybody may read it, and when it is damaged', async () => {
    await file.ensure();
    await chmod(file.path, 0o604);
    await expect(file.read()).rejects.toThrow(/chmod 600/);
    await chmod(file.path, 0o600);
    await writeFile(file.path, 'half a ke');
    await expect(file.read()).rejects.toThrow(/damaged.*backup/);
  });

  it('takes a new key and in the end forgets the old one', async () => {
    const keys = new OperatorKeys(null, file);
    await keys.prepare();
    const running = new OperatorKeys(null, file);
    const old = await running.wrap('data key 1', secret);
    await keys.addNewKey();
    const fresh = await keys.wrap('data key 1', await keys.unwrap('data key 1', old));
    expect(fresh.wrappedBy).not.toBe(old.wrappedBy);
    // A process that read the file before reads it again.
    expect(await running.unwrap('data key 1', fresh)).toEqual(secret);
    await keys.forgetFormerKeys();
    expect(await keys.unwrap('data key 1', fresh)).toEqual(secret);
    await expect(keys.unwrap('data key 1', old)).rejects.toThrow(SetupError);
  });
});

describe('the operator’s keys', () => {
  const [old, fresh] = [randomBytes(32), randomBytes(32)];

  it('wrap with the first and unwrap with all', async () => {
    const wrapped = await new OperatorKeys([old], file).wrap('data key 1', secret);
    const both = new OperatorKeys([fresh, old], file);
    expect(await both.unwrap('data key 1', wrapped)).toEqual(secret);
    expect(await both.currentId()).toBe(await new OperatorKeys([fresh], file).currentId());
  });

  it('unwrap what the key file wrapped before they were set', async () => {
    const unset = new OperatorKeys(null, file);
    await unset.prepare();
    const wrapped = await unset.wrap('data key 1', secret);
    expect(await new OperatorKeys([fresh], file).unwrap('data key 1', wrapped)).toEqual(secret);
  });

  it('name the variable and the key that is lacking, and no key itself', async () => {
    const wrapped = await new OperatorKeys([old], file).wrap('data key 1', secret);
    const failure: unknown = await new OperatorKeys([fresh], file)
      .unwrap('data key 1', wrapped)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SetupError);
    const { message } = failure as SetupError;
    expect(message).toContain(`ENCRYPTION_KEY does not hold the key ${wrapped.wrappedBy}`);
    for (const key of [old, fresh]) {
      for (const form of ['hex', 'base64'] as const)
        expect(message).not.toContain(key.toString(form));
    }
    await expect(new OperatorKeys(null, file).unwrap('data key 1', wrapped)).rejects.toThrow(
      /key file .*encryption\.key is missing. Restore the file from a backup or set ENCRYPTION_KEY/,
    );
  });

  it('refuse a wrapped key that stands in for another', async () => {
    const keys = new OperatorKeys([old], file);
    const wrapped = await keys.wrap('data key 1', secret);
    await expect(keys.unwrap('data key 2', wrapped)).rejects.toThrow(/data key 2 was altered/);
  });
});

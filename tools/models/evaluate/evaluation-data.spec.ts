import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readData } from './evaluation-data.js';
import { parseClassExample, parseSpanExample } from './example.js';

describe('the examples of an evaluation', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'evaluation-'))));
  afterEach(() => rm(folder, { recursive: true }));
  const put = (name: string, text: string) => writeFile(join(folder, name), text);

  it('are all that are kept for the model but the development set, the test set first', async () => {
    for (const name of ['behaviour.jsonl', 'test.jsonl', 'dev.jsonl', 'test.baseline.json']) {
      await put(name, '{}\n');
    }
    const files = await readData(undefined, folder);
    expect(files.map(({ name }) => name)).toEqual(['test.jsonl', 'behaviour.jsonl']);
  });

  it('carry their digest and whether it is the one noted beside them', async () => {
    const text = '{"a":1}\n\n{"a":2}\n';
    const sum = createHash('sha256').update(text).digest('hex');
    for (const name of ['a.jsonl', 'b.jsonl', 'c.jsonl']) await put(name, text);
    await put(
      'SHA256SUMS',
      `${sum}  a.jsonl\n${sum.replace(/^./, 'x')}\n${'0'.repeat(64)} *b.jsonl\n`,
    );
    const files = await readData(undefined, folder);
    expect(files.map(({ checksum }) => checksum)).toEqual(['matches', 'differs', 'unlisted']);
    expect(files[0]).toMatchObject({ sha256: sum });
    expect(files[0]!.lines.map(({ place }) => place)).toEqual(['a.jsonl:1', 'a.jsonl:3']);
  });

  it('must be there', async () => {
    await expect(readData(undefined, folder)).rejects.toThrow('no examples');
    await expect(readData(join(folder, 'x.jsonl'), folder)).rejects.toThrow('ENOENT');
    await put('empty.jsonl', '\n');
    await expect(readData(join(folder, 'empty.jsonl'), folder)).rejects.toThrow('no example');
  });
});

describe('a line of examples', () => {
  it('may say more than it must', () => {
    const line = { text: 'No fever.', entity: { start: 3, end: 8 }, label: 'ABSENT' };
    const more = { note: 7, section: 'ROS', cue: '', words: 2 };
    expect(parseClassExample(JSON.stringify({ ...line, ...more }), 'a:1')).toEqual({
      ...line,
      place: 'a:1',
      note: '7',
      section: 'ROS',
    });
    expect(parseClassExample('{"text":"a","entity":null,"label":"b"}', 'a:1')).toEqual({
      place: 'a:1',
      text: 'a',
      label: 'b',
    });
  });

  it.each(['', '[]', '{"text":"a"}', '{"text":"a","label":"b","entity":{"start":"0"}}'])(
    'is refused by its place when it is %s',
    (line) => {
      expect(() => parseClassExample(line, 'test.jsonl:3')).toThrow('test.jsonl:3 must be');
    },
  );

  it('with spans names each of them', () => {
    const entities = [{ start: 0, end: 5, label: 'PROBLEM' }];
    expect(parseSpanExample(JSON.stringify({ text: 'Fever', entities }), 'a:1')).toMatchObject({
      entities,
    });
    const unnamed = '{"text":"a","entities":[{"start":0,"end":1}]}';
    expect(() => parseSpanExample(unnamed, 'a:1')).toThrow('a:1 must be');
  });
});

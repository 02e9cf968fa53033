import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProtobufFile } from './protobuf-file.js';

describe('a protobuf file', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'protobuf-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function fields(bytes: readonly number[]) {
    const path = join(folder, 'file');
    writeFileSync(path, Buffer.from(bytes));
    const file = new ProtobufFile(path);
    try {
      return [...file.fields()];
    } finally {
      file.close();
    }
  }

  it('gives the fields of every wire type', () => {
    const bytes = [
      0x08, 0x96, 0x01, 0x12, 2, 65, 66, 0x1d, 0, 0, 0, 0, 0x21, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    expect(
      fields(bytes).map(({ number, value, start, end }) => [number, value, end - start]),
    ).toEqual([
      [1, 150, 2],
      [2, null, 2],
      [3, null, 4],
      [4, null, 8],
    ]);
  });

  it.each([
    ['whose content is cut off', [0x12, 5, 65]],
    ['whose last number is cut off', [0x08, 0x96]],
    ['with a field of number 0', [0x00, 1]],
    ['with an unknown wire type', [0x0f, 1]],
    ['with a number that never ends', Array.from({ length: 20 }, () => 0xff)],
  ])('is refused %s', (_, bytes) => {
    expect(() => fields(bytes)).toThrow(RangeError);
  });
});

import { DomainError } from '@app/common';
import fc from 'fast-check';
import type { JobInput } from '../../raw-input.js';
import { planSlices } from '../plan-slices.js';
import { InputScan, type ScannedFile } from './input-scan.js';
import { readInputs } from './read-inputs.js';
import { MAX_ROW_BYTES } from './row-splitter.js';

function scan(content: string | Buffer, pieceBytes = 7): ScannedFile {
  const bytes = Buffer.from(content as string);
  const scanning = new InputScan();
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    scanning.push(bytes.subarray(at, at + pieceBytes));
  }
  return scanning.finish();
}

function refusal(content: string | Buffer, pieceBytes?: number): DomainError {
  try {
    scan(content, pieceBytes);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

/** Reads a file back slice by slice, as workers do. */
async function readBack(content: string, itemsPerSlice: number): Promise<JobInput[]> {
  const bytes = Buffer.from(content);
  const file = { ...scan(bytes), size: bytes.length };
  const inputs: JobInput[] = [];
  for (const { byteStart, byteEnd, items, firstItem } of planSlices(file, itemsPerSlice)) {
    expect(firstItem).toBe(inputs.length);
    const pieces = async function* () {
      for (let at = byteStart; at < byteEnd; at += 5) {
        yield bytes.subarray(at, Math.min(at + 5, byteEnd));
      }
    };
    const before = inputs.length;
    for await (const read of readInputs(pieces(), file.format, file.columns)) inputs.push(...read);
    expect(inputs.length - before).toBe(items);
  }
  return inputs;
}

const text = fc.string({ unit: 'binary', maxLength: 30 }).map((raw) =>
  // Raw bytes of a file are UTF-8 without NUL; what JSON escapes may be anything.
  Buffer.from(raw.replaceAll('\0', '')).toString(),
);
const awkward = fc.oneof(text, fc.constantFrom('a,b', '"', 'x\r\ny', '\n', 'say ""no""', ' '));
const input = fc.oneof(
  fc.record({ text: awkward }),
  fc.record({ text: awkward, entity: awkward.filter((entity) => entity !== '') }),
  fc.record({
    text: awkward,
    entity: fc.record({ start: fc.nat(1_000), end: fc.nat(1_000) }),
  }),
);
const inputs = fc.array(input, { minLength: 1, maxLength: 40 });
const lineBreak = fc.constantFrom('\n', '\r\n');
const sliceSize = fc.integer({ min: 1, max: 9 });

describe('a file of inputs', () => {
  it('comes back as it was written in JSONL, whatever the pieces and slices', async () => {
    await fc.assert(
      fc.asyncProperty(inputs, lineBreak, sliceSize, fc.boolean(), async (rows, eol, size, end) => {
        const lines = rows.map((row) => JSON.stringify(row)).join(`${eol}${eol} ${eol}`);
        expect(await readBack(end ? lines + eol : lines, size)).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });

  it('comes back as it was written in CSV, quoted line breaks and all', async () => {
    const cell = (value: string) => `"${value.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(inputs, lineBreak, sliceSize, async (rows, eol, size) => {
        const lines = rows.map(({ text: words, ...more }) => {
          const entity = 'entity' in more ? more.entity : '';
          const offsets = typeof entity === 'string' ? ',' : `${entity.start},${entity.end}`;
          return `7,${cell(words)},${offsets},${cell(typeof entity === 'string' ? entity : '')}`;
        });
        const file = ['\ufeffid,Text,entity_start,"entity_end",entity', ...lines].join(eol);
        expect(await readBack(file, size)).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });

  it('is indexed sparsely when it is long, at row starts all the same', async () => {
    const rows = Array.from({ length: 40_000 }, (_, i) => `"row ${i}"`);
    const bytes = Buffer.from(rows.join('\n'));
    const file = { ...scan(bytes, 65_536), size: bytes.length };
    expect(file).toMatchObject({ rows: 40_000, rowStep: 4 });
    const plans = planSlices(file, 1_001);
    expect(plans.reduce((sum, { items }) => sum + items, 0)).toBe(40_000);
    for (const { firstItem, byteStart, byteEnd } of plans) {
      const slice = bytes.toString('utf8', byteStart, byteEnd);
      expect(slice.startsWith(`"row ${firstItem}"`)).toBe(true);
    }
  });

  it.each([
    ['{"text": "a"}', 'jsonl', null],
    ['\ufeff\n\n  \r\n{"sentence":"a"}\n', 'jsonl', null],
    ['"He denies pain."\n"Fever, cough"', 'jsonl', null],
    ['text\nHe said "no" to it\n', 'csv', ['text']],
    ['"text","id"\n"a",1', 'csv', ['text', 'id']],
    ['id, Sentence ,note\r\n1,a,b\r\n\r\n2,c,', 'csv', ['id', 'Sentence', 'note']],
  ])('%j is %s', (content, format, columns) => {
    expect(scan(content)).toMatchObject({ format, columns });
  });

  it.each([
    ['', 'The file holds no rows'],
    ['\n \r\n', 'The file holds no rows'],
    ['text\n', 'heading and no rows'],
    ['[{"text":"a"}]', 'JSON array'],
    ['name;text\na;b', 'neither JSONL nor CSV'],
    ['Just some words.', 'neither JSONL nor CSV'],
    ['text,sentence\na,b', 'heading (line 1) must name exactly one'],
    ['text,entity_start\na,1', 'Name both'],
  ])('refuses %j as a whole', (content, message) => {
    const error = refusal(content);
    expect(error.message).toContain(message);
    expect([error.code, error.fields?.[0]?.field]).toEqual(['VALIDATION_ERROR', 'file']);
  });

  it.each([
    ['1f8b0800', 'gzip'],
    ['504b030414', 'Excel'],
    ['fffe7400', 'UTF-16'],
    ['255044462d', 'PDF'],
  ])('refuses what begins with %s', (bytes, word) => {
    const error = refusal(Buffer.from(bytes, 'hex'));
    expect([error.code, error.message]).toEqual([
      'UNSUPPORTED_MEDIA_TYPE',
      expect.stringContaining(word),
    ]);
  });

  const good = '{"text":"a"}\n';
  const utf16 = Buffer.concat([Buffer.from(good), Buffer.from([0x22, 0xff, 0x22])]);
  it.each([
    [`${good}\n{"text": Smith}`, 1, 3, 'not valid JSON'],
    [`${good}17`, 1, 2, 'is no input'],
    [`${good}${good}{"txt":"Smith"}`, 2, 3, 'must be a string'],
    [`${good}{"text":"Smith","sentence":"Smith"}`, 1, 2, 'send one'],
    [`${good}{"text":"Smith","entity":{"start":"0","end":5}}`, 1, 2, 'entity'],
    [`${good}"Smi\0th"`, 1, 2, 'NUL'],
    [utf16, 1, 2, 'UTF-8'],
    ['text,id\n"a\nb",1\nSmith,2,3\n', 1, 4, 'has 3 fields where the heading has 2'],
    ['text,id\na,1\n"Smith" ,2', 1, 3, 'after a closing quote'],
    ['text,id\na,1\n"Smith,2\n\n', 1, 3, 'never closed'],
    ['text,entity_start,entity_end\na,,\nSmith,1,x', 1, 3, 'whole numbers'],
    ['text,entity,entity_start,entity_end\nSmith,Smith,1,2', 0, 2, 'Give one'],
    [`${good}"Smith${'x'.repeat(MAX_ROW_BYTES)}"`, 1, 2, 'longer than 262144 bytes'],
  ])('names the row at fault, and never quotes it (%#)', (content, row, line, words) => {
    for (const pieceBytes of [3, 1_000_000]) {
      const error = refusal(content, pieceBytes);
      expect(error.code).toBe('VALIDATION_ERROR');
      expect(error.details).toEqual({ row, line });
      expect(error.fields?.[0]?.field).toBe(`rows[${row}]`);
      expect(error.message).toContain(`rows[${row}] (line ${line})`);
      expect(error.message).toContain(words);
      expect(JSON.stringify([error.message, error.fields])).not.toContain('Smith');
    }
  });
});

import { DomainError } from '@app/common';
import { isHeading } from './csv-columns.js';
import { fileError } from './row-fault.js';
import { MAX_ROW_BYTES } from './row-splitter.js';
import { isBlank } from './row-text.js';

export const FILE_FORMATS = ['jsonl', 'csv'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

export interface Recognised {
  readonly format: FileFormat;
  /** Bytes before the first row: a byte order mark. */
  readonly skip: number;
}

const LF = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
/** As many bytes as the longest signature below has. */
const SIGNATURE_BYTES = 4;
const SIGNATURES: readonly (readonly [bytes: string, what: string])[] = [
  ['1f8b', 'compressed with gzip; send it decompressed'],
  ['28b52ffd', 'compressed with zstd; send it decompressed'],
  ['504b0304', 'a ZIP archive or an Excel workbook; export it as CSV in UTF-8'],
  ['25504446', 'a PDF; send the texts as JSONL or CSV'],
  ['fffe', 'in UTF-16; save it in UTF-8'],
  ['feff', 'in UTF-16; save it in UTF-8'],
];

/**
 * Tells JSONL from CSV by the first line that is not blank; names and declared
 * types are not asked.
 *
 * @param head the file's first bytes
 * @param whole whether that is all of it
 * @returns null when more bytes are needed
 * @throws DomainError UNSUPPORTED_MEDIA_TYPE or VALIDATION_ERROR, saying what it is instead
 */
export function recogniseFormat(head: Buffer, whole: boolean): Recognised | null {
  if (head.length < SIGNATURE_BYTES && !whole) return null;
  refuseSignatures(head);
  const skip = head.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0;
  const line = firstLine(head.subarray(skip), whole);
  if (line === null) return null;
  const text = line.toString('utf8').trim();
  if (text.startsWith('{')) return { format: 'jsonl', skip };
  if (text.startsWith('[')) {
    throw fileError(
      'json_array',
      'The file is a JSON array. Write each of its elements on a line of its own (JSONL).',
    );
  }
  if (isHeading(text)) return { format: 'csv', skip };
  if (isJsonString(text)) return { format: 'jsonl', skip };
  throw fileError(
    'unknown_format',
    'The file is neither JSONL nor CSV. Begin with a JSON object or string on a line of its own, or with a CSV heading that names a column "text" or "sentence", separated by commas.',
  );
}

function refuseSignatures(head: Buffer): void {
  const hex = head.toString('hex', 0, SIGNATURE_BYTES);
  const found = SIGNATURES.find(([bytes]) => hex.startsWith(bytes));
  if (found === undefined) return;
  throw new DomainError('UNSUPPORTED_MEDIA_TYPE', `The file is ${found[1]}.`);
}

/** The first line that is not blank; null when it has not arrived. @throws DomainError for a file without any */
function firstLine(head: Buffer, whole: boolean): Buffer | null {
  let from = 0;
  while (from < head.length) {
    const end = head.indexOf(LF, from);
    const line = head.subarray(from, end === -1 ? head.length : end);
    if (!isBlank(line)) {
      const complete = end !== -1 || whole || line.length > MAX_ROW_BYTES;
      return complete ? line : null;
    }
    if (end === -1) break;
    from = end + 1;
  }
  if (whole || head.length > MAX_ROW_BYTES) {
    throw fileError('empty', 'The file holds no rows. Send JSONL or CSV with at least one input.');
  }
  return null;
}

function isJsonString(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'string';
  } catch {
    return false;
  }
}

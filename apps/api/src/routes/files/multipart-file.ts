import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import busboy, { type Busboy } from 'busboy';
import { DomainError, invalidField } from '@app/common';
import { piecesOf } from './pieces-of.js';

/** Fields beside the file are read past; their bounds keep a form from being all fields. */
const FORM_LIMITS = { fields: 32, fieldSize: 65_536, parts: 40, headerPairs: 100 };

/**
 * The bytes of the one file of a multipart form, whatever its field is called.
 * @throws DomainError MALFORMED_REQUEST when the form cannot be read, VALIDATION_ERROR
 * unless it holds exactly one file
 */
export async function* filePart(request: IncomingMessage): AsyncGenerator<Buffer> {
  const parser = parserFor(request);
  const form = new FormFiles(parser);
  // Not a pipeline: when reading stops, the request must stay able to carry an answer.
  request.once('close', () => {
    if (!request.complete) parser.destroy();
  });
  request.pipe(parser);
  try {
    const file = await form.first();
    if (file !== null) yield* piecesOf(file);
    await form.end();
    if (file === null || form.count > 1) throw notOneFile(form.count);
  } catch (error) {
    throw error instanceof DomainError ? error : unreadable(error);
  } finally {
    request.unpipe(parser);
    parser.destroy();
  }
}

/** The files that a parser comes upon: the first is handed out, any other read past. */
class FormFiles {
  count = 0;
  private firstFile: Readable | null = null;
  private failure: Error | null = null;
  private closed = false;
  private notify: () => void = () => undefined;

  constructor(parser: Busboy) {
    parser.on('file', (_name, stream: Readable) => {
      stream.on('error', () => undefined);
      if (++this.count === 1) this.firstFile = stream;
      else stream.resume();
      this.notify();
    });
    parser.on('error', (error) => {
      this.failure ??= error instanceof Error ? error : new Error('the form cannot be read');
      this.notify();
    });
    parser.on('close', () => {
      this.closed = true;
      this.notify();
    });
  }

  /** Null when the form holds none. */
  async first(): Promise<Readable | null> {
    while (this.firstFile === null && this.failure === null && !this.closed) await this.change();
    if (this.firstFile === null && this.failure !== null) throw this.failure;
    return this.firstFile;
  }

  /** Resolves when the whole form has been read. */
  async end(): Promise<void> {
    while (this.failure === null && !this.closed) await this.change();
    if (this.failure !== null) throw this.failure;
  }

  private change(): Promise<void> {
    return new Promise((resolve) => (this.notify = resolve));
  }
}

function parserFor(request: IncomingMessage): Busboy {
  try {
    return busboy({ headers: request.headers, limits: FORM_LIMITS });
  } catch (cause) {
    throw unreadable(cause);
  }
}

function notOneFile(count: number): DomainError {
  return invalidField(
    'file',
    count === 0 ? 'required' : 'too_many',
    count === 0
      ? 'The form holds no file. Send one, with a file name.'
      : `The form holds ${count} files. Send one a request.`,
  );
}

function unreadable(cause: unknown): DomainError {
  return new DomainError(
    'MALFORMED_REQUEST',
    'The multipart form cannot be read: it is cut short, or its boundary or part headers are wrong. Send it as RFC 7578 describes.',
    { cause },
  );
}

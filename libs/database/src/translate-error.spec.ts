import { DomainError } from '@app/common';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import pg from 'pg';
import { isTransactionConflict, isUniqueViolation, type QueryError } from './query-error.js';
import { translateError } from './translate-error.js';

function fromServer(code: string, more: Partial<pg.DatabaseError> = {}): pg.DatabaseError {
  const error = new pg.DatabaseError('words of the server', 0, 'error');
  return Object.assign(error, { code, detail: 'Key (name)=(Jane Roe)', ...more });
}

describe('translateError', () => {
  it.each([
    ['the server refuses connections', { code: 'ECONNREFUSED', message: '', errors: [] }],
    ['the socket is not there', { code: 'ENOENT', syscall: 'connect', message: 'connect' }],
    ['the connection is cut', { code: 'ECONNRESET', message: 'read ECONNRESET' }],
    ['the connection ends', new Error('Connection terminated unexpectedly')],
    ['the pool is used up', new Error('timeout exceeded when trying to connect')],
    ['no answer comes', new Error('Query read timeout')],
    ['the server is starting', fromServer('57P03')],
    ['an administrator ends the connection', fromServer('57P01')],
    ['a statement takes too long', fromServer('57014')],
    ['all connections are taken', fromServer('53300')],
    ['a failover left a standby', fromServer('25006')],
  ])('asks callers to come back when %s', (_, error) => {
    const translated = translateError(new DrizzleQueryError('select $1', ['Jane'], error as Error));
    expect(translated).toBeInstanceOf(DomainError);
    expect(translated).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 2 });
  });

  it('keeps what a program can act on, and none of the values', () => {
    const error = fromServer('23505', { constraint: 'users_username_unique', table: 'users' });
    const translated = translateError(new DrizzleQueryError('insert', ['Jane Roe'], error));
    expect(isUniqueViolation(translated, 'users_username_unique')).toBe(true);
    expect(translated).toMatchObject({ table: 'users' });
    expect(JSON.stringify(translated) + String((translated as Error).stack)).not.toContain('Jane');
  });

  it('leaves out the server’s words where they quote a value', () => {
    const message = 'invalid input syntax for type uuid: "Jane Roe"';
    const translated = translateError(fromServer('22P02', { message })) as QueryError;
    expect(translated.sqlState).toBe('22P02');
    expect(translated.message).not.toContain('Jane');
  });

  it.each(['22021', '22P05'])(
    'tells the caller of a character that Postgres cannot store (%s)',
    (code) => {
      const message = 'invalid byte sequence for encoding "UTF8": 0x00';
      const translated = translateError(fromServer(code, { message })) as DomainError;
      expect(translated).toMatchObject({
        code: 'VALIDATION_ERROR',
        message: expect.stringMatching(/NUL.*Leave it out/) as string,
      });
      expect((translated.cause as QueryError).sqlState).toBe(code);
    },
  );

  it.each(['40001', '40P01'])('knows that %s may pass when tried again', (code) => {
    expect(isTransactionConflict(translateError(fromServer(code)))).toBe(true);
  });

  it.each([new TypeError('a mistake'), new DomainError('NOT_FOUND', 'no such note'), 'text', null])(
    'lets pass what the database did not say: %p',
    (error) => {
      expect(translateError(error)).toBe(error);
    },
  );
});

import { createLogger } from './logger.js';
import type { LoggerOptions } from './logger.js';
import { NestLogger } from './nest-logger.js';

function record(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'info',
    destination: { write: (line) => lines.push(line) },
    ...options,
  });
  const entry = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}') as never;
  return { logger, lines, entry };
}

describe('createLogger', () => {
  it('writes one JSON object a line with a readable time and level', () => {
    const { logger, lines, entry } = record();
    logger.info({ port: 8000 }, 'listening');
    expect(lines[0]).toMatch(/\}\n$/);
    expect(entry()).toMatchObject({ level: 'info', msg: 'listening', port: 8000 });
    expect(entry()['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('leaves out what is less severe than the level', () => {
    const { logger, lines } = record({ level: 'warn' });
    logger.info('quiet');
    logger.warn('loud');
    expect(lines).toHaveLength(1);
  });

  it.each([
    { authorization: 'SECRET' },
    { request: { headers: { authorization: 'SECRET', 'x-api-key': 'SECRET' } } },
    { config: { apiKey: 'SECRET', password: 'SECRET' } },
    { item: { text: 'SECRET', entity: 'SECRET' } },
    { sentence: 'SECRET', inputs: ['SECRET'] },
  ])('keeps secrets and patients’ words out: %j', (entry) => {
    const { logger, lines } = record();
    logger.info(entry, 'seen');
    expect(lines.join()).toContain('[redacted]');
    expect(lines.join()).not.toContain('SECRET');
  });

  it('writes an error with its stack', () => {
    const { logger, entry } = record();
    logger.error({ err: new RangeError('no such lane') }, 'failed');
    expect(entry()['err']).toMatchObject({ type: 'RangeError', message: 'no such lane' });
  });

  it('writes lines for people when asked', () => {
    const { logger, lines } = record({ pretty: true });
    logger.warn({ context: 'Lanes', lane: 2 }, 'restarted');
    const plain = lines.join('').replace(/\x1b\[\d+m/g, '');
    expect(plain).toMatch(/^[\d:.]{12} warn {2}Lanes: restarted \{"lane":2\}\n$/);
    logger.error({ err: new Error('boom') }, 'failed');
    expect(lines.at(-1)).toMatch(/failed\n?.*\nError: boom\n {4}at /s);
  });
});

describe('NestLogger', () => {
  it('keeps message, speaker and level', () => {
    const { logger, entry } = record({ level: 'trace' });
    const nest = new NestLogger(logger);
    nest.log('routes mapped', 'RouterExplorer');
    expect(entry()).toMatchObject({
      level: 'debug',
      msg: 'routes mapped',
      context: 'RouterExplorer',
    });
    nest.verbose('detail', 'X');
    expect(entry()).toMatchObject({ level: 'trace', context: 'X' });
    nest.debug('no speaker');
    expect(entry()).not.toHaveProperty('context');
  });

  it('keeps the stack of an error, given either way', () => {
    const { logger, entry } = record();
    const nest = new NestLogger(logger);
    nest.error('it broke', 'Error: it broke\n    at x', 'ExceptionsHandler');
    expect(entry()).toMatchObject({
      level: 'error',
      msg: 'it broke',
      context: 'ExceptionsHandler',
      err: { stack: 'Error: it broke\n    at x' },
    });
    nest.fatal(new TypeError('worse'), 'Boot');
    expect(entry()).toMatchObject({ level: 'fatal', msg: 'worse', err: { type: 'TypeError' } });
  });

  it('keeps the fields of an object', () => {
    const { logger, entry } = record();
    new NestLogger(logger).warn({ retries: 3 }, 'Pool');
    expect(entry()).toMatchObject({ level: 'warn', retries: 3, context: 'Pool' });
  });
});

import { createLogger } from '../logger.js';
import type { Logger, LoggerOptions } from '../logger.js';
import { NestLogger } from '../nest-logger.js';
import { generatePatients, identifiersOf } from './testing/generated-patients.js';
import type { GeneratedPatient } from './testing/generated-patients.js';

function record(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'trace',
    destination: { write: (line) => lines.push(line) },
    ...options,
  });
  return { logger, lines };
}

class QueryError extends Error {
  constructor(
    message: string,
    readonly params: unknown[],
    readonly detail: string,
  ) {
    super(message);
  }
}

/** Ways in which a careless caller could log a person whose name stands in fields. */
const BY_FIELD: readonly ((logger: Logger, patient: GeneratedPatient) => void)[] = [
  (logger, patient) => logger.info({ patient }, 'seen'),
  (logger, { given, family, ...rest }) =>
    logger.info({ firstName: given, last_name: family, rest }, 'seen'),
  (logger, p) => logger.info({ resource: { name: [{ family: p.family, given: [p.given] }] } }),
  (logger, p) => logger.info({ user: { name: p.given.toLowerCase(), e_mail: p.email } }),
  (logger, p) => logger.warn({ name: p.name, birthDate: p.dob, home_address: p.address }, 'x'),
  (logger, p) => logger.child({ patientName: p.name, MRN: p.mrn }).info('child'),
  (logger, p) => logger.info({ a: { b: { c: { d: { e: { sentence: p.sentence } } } } } }),
  (logger, p) => logger.info({ request: { body: p, headers: { 'x-access-reason': p.name } } }),
  (logger, p) => logger.info({ inputs: [p.sentence, { text: p.sentence }] }),
  (logger, p) => logger.info('body %j', { patient_name: p.name, ssn: p.ssn, text: p.sentence }),
  (logger, p) => logger.info('got %o', { sentence: p.sentence, patientName: p.name }),
  (logger, p) => logger.info({ payload: Buffer.from(p.name), raw: Buffer.from(p.sentence) }),
  (logger, p) => logger.info({ raw: new Uint8Array(Buffer.from(p.sentence)) }),
  (logger, p) => logger.info({ [p.name]: 1 }, 'counted'),
  (logger, p) =>
    logger.error({
      err: new QueryError(
        `Failed query: x\nparams: ${p.name},${p.sentence}`,
        [p.name],
        `Key (name)=(${p.name}) exists`,
      ),
    }),
  (logger, p) => new NestLogger(logger).warn({ patient: p }, 'Speaker'),
];

/** What has a form of its own, in places where only its form tells. */
const BY_FORM: readonly ((logger: Logger, text: string) => void)[] = [
  (logger, text) => logger.info(`could not find ${text} in the index`),
  (logger, text) => logger.info('could not find %s.', text),
  (logger, text) => logger.info({ [text]: 1, list: [[text], { deep: { value: `(${text})` } }] }),
  (logger, text) => logger.error({ err: new Error(`no ${text}`, { cause: new Error(text) }) }),
  (logger, text) => logger.error(new AggregateError([new Error(text)], 'several')),
  (logger, text) =>
    logger.info({ url: `/patients/${encodeURIComponent(text)}/x?q=${encodeURIComponent(text)}` }),
  (logger, text) => logger.info({ requestId: text, traceId: text, version: text, model: text }),
  (logger, text) => logger.child({ found: text }, { msgPrefix: `${text}: ` }).info('x'),
  (logger, text) => new NestLogger(logger).error(text, `Error: ${text}\n    at x`, 'Speaker'),
  (logger, text) => logger.info({ json: JSON.stringify({ value: JSON.stringify({ text }) }) }),
];
const FORMS = ['mrn', 'ssn', 'phone', 'email', 'card', 'mbi', 'npi', 'dob', 'address'] as const;
const plain = (text: string) => text.replace(/\D/g, '');

describe('a log', () => {
  const patients = generatePatients(1_000);

  it('holds nothing of 1,000 people whose records were logged by field', () => {
    const { logger, lines } = record();
    const found = patients.flatMap((patient, i) => {
      lines.length = 0;
      for (let k = i % 4; k < BY_FIELD.length; k += 4) BY_FIELD[k]!(logger, patient);
      expect(lines).toHaveLength(BY_FIELD.length / 4);
      const log = lines.join('').toLowerCase();
      return identifiersOf(patient).filter((text) => log.includes(text.toLowerCase()));
    });
    expect(found).toEqual([]);
  });

  it('holds nothing of their identifiers wherever they stood', () => {
    const { logger, lines } = record();
    const leaks: string[] = [];
    patients.forEach((patient, i) => {
      for (const form of FORMS) {
        const text = patient[form];
        const shape = BY_FORM[(i + form.length) % BY_FORM.length]!;
        lines.length = 0;
        shape(logger, text);
        const log = lines.join('');
        const digits = plain(text);
        if (
          log.includes(text) ||
          log.includes(encodeURIComponent(text)) ||
          (digits.length > 6 &&
            plain(
              JSON.stringify({
                ...JSON.parse(log),
                time: '',
                pid: 0,
                err: { ...JSON.parse(log).err, stack: '' },
              }),
            ).includes(digits))
        ) {
          leaks.push(`${form}: ${text} in ${log.slice(0, 300)}`);
        }
      }
    });
    expect(leaks.slice(0, 5)).toEqual([]);
  });

  it('holds no identifier that came as a number', () => {
    const { logger, lines } = record();
    for (const { npi, card, ssn, mrn } of patients) {
      logger.info({
        value: Number(npi),
        list: [Number(plain(card))],
        ssn: Number(plain(ssn)),
        mrn: Number(plain(mrn)),
      });
    }
    const log = lines.join('');
    for (const { npi, card } of patients) {
      expect(log).not.toContain(npi);
      expect(log).not.toContain(plain(card));
    }
    expect(log).not.toMatch(/"(?:ssn|mrn)":\d/);
  });

  it('is masked for people at a terminal too', () => {
    const { logger, lines } = record({ pretty: true });
    logger.error({ err: new Error('no 123-45-6789'), email: 'a@example.org' }, 'for 123-45-6789');
    expect(lines.join('')).not.toMatch(/123-45-6789|example/);
  });

  it('keeps what operators read', () => {
    const { logger, lines } = record();
    const entry = {
      requestId: 'req-mi8x2k4f-1234567890123456',
      traceId: '12345678901234567890123456789012',
      spanId: '123456789012345a',
      jobId: '01951234-1234-7123-8123-123456789012',
      model: 'clinical-assertion@20261121',
      modelVersion: '1.12.20',
      name: 'clinical-assertion',
      route: '/v1/models/:name/predict',
      context: 'RouterExplorer',
      queueMs: 1234567890,
      heapUsedBytes: 536870912,
      tokens: 4012888888881881,
      score: 0.123456789,
      at: 1795266656123,
      sentences: 12,
      remoteAddress: '10.1.2.3',
      ok: true,
      nothing: null,
    };
    logger.info(entry, 'answered in 12.5 ms');
    expect(JSON.parse(lines[0]!)).toMatchObject(entry);
  });

  it('hides addresses of callers when asked', () => {
    const { logger, lines } = record({ maskAddresses: true });
    logger.info({ remoteAddress: '10.1.2.3', peer: '2001:db8::7' }, 'from 10.1.2.3');
    expect(lines.join('')).not.toMatch(/10\.1\.2\.3|2001/);
  });

  it('cuts very long texts without cutting what must be masked in two', () => {
    const { logger, lines } = record();
    for (let pad = 16_370; pad < 16_384; pad++)
      logger.info(`${'x '.repeat(pad / 2)}${'y'.repeat(pad % 2)} 123-45-6789`);
    logger.info('z '.repeat(500_000));
    expect(lines.join('')).not.toMatch(/123|45-|678/);
    expect(lines.at(-1)!.length).toBeLessThan(17_000);
  });
});

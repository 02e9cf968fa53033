import fc from 'fast-check';
import { maskText } from './mask-text.js';
import { generatePatients } from './testing/generated-patients.js';

const masked = (text: string) => maskText(text);

describe('maskText', () => {
  it.each([
    ['write to Mary.O-Neil+x@clinic.example.org today', 'write to [email] today'],
    ['GET /users/mary%40example.org', 'GET [email]'],
    ['josé@höpital.fr', '[email]'],
    ['ssn 123-45-6789', 'ssn [ssn]'],
    ['id 123456789.', 'id [number].'],
    ['call (555) 234-5678 or +44 20 7946 0958', 'call [phone] or [phone]'],
    ['tel 555.234.5678', 'tel [phone]'],
    ['/patients/(555)%20234-5678', '/patients/[phone]'],
    ['paid with 4111 1111 1111 1111', 'paid with [card]'],
    ['amex 3782-822463-10005', 'amex [card]'],
    ['1 4111 11 11 1111 1111 is one', '[card] is one'],
    ['npi 1234567893', 'npi [number]'],
    ['medicare 1EG4-TE5-MK73', 'medicare [mbi]'],
    ['MRN A12345 seen', '[record number] seen'],
    ['MRN: A12345, seen', 'MRN: [redacted], seen'],
    ['medical record number is 98765', '[record number]'],
    ['patient-1234567 admitted', '[number] admitted'],
    ['born 1980-04-12', 'born [date]'],
    ['born 04/12/1980 or 12.4.1980', 'born [date] or [date]'],
    ['born April 12th, 1980', 'born [date]'],
    ['1980-04-12T00:00:00.000Z', '[date]'],
    ['lives at 12 North Main Street, Apt 4, Springfield, IL 62704', 'lives at [address]'],
    ['/at/12%20Oak%20Avenue/x', '/at/[address]/x'],
    ['/born/04%2F12%2F1980?q=%C3%A9', '/born/[date]?q=[redacted]'],
    ['/ok/caf%C3%A9/100%', '/ok/caf%C3%A9/100%'],
    ['P.O. Box 123', '[address]'],
    ['saw Mr. John Smith', 'saw Mr. [name]'],
  ])('masks who somebody is: %s', (text, expected) => {
    expect(masked(text)).toBe(expected);
  });

  it.each([
    ['Authorization: Bearer abc.def-123', 'Authorization: [redacted]'],
    ['with bearer abcdef123456', 'with bearer [redacted]'],
    ['key clin_live_abc123DEF456 used', 'key [key] used'],
    ['eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2ln now', '[token] now'],
    ['postgres://app:hun/ter@2@db:5432/x', 'postgres://[redacted]@db:5432/x'],
    ['https://user:pw@host/x', 'https://[redacted]@host/x'],
    [
      'GET /predict?text=fever&limit=10&name=Smith',
      'GET /predict?text=[redacted]&limit=10&name=[redacted]',
    ],
    ['a -----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY----- b', 'a [pem] b'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIGH', '[pem]'],
    ['password=hunter2; next', 'password=[redacted]; next'],
    ['{"patient_name":"John \\"Jack\\" Smith","n":1}', '{"patient_name":[redacted]","n":1}'],
    ['body {\\"sentence\\":\\"He has fever\\"}', 'body {\\"sentence\\":[redacted]\\"}'],
    ["{ name: 'John Smith', lane: 2 }", "{ name: '[redacted]', lane: 2 }"],
    ['date of birth: tomorrow', 'date of birth: [redacted]'],
    ['"inputs":[{"text":"a ] b"},"c"]', '"inputs":[redacted]'],
  ])('masks secrets and what is named: %s', (text, expected) => {
    expect(masked(text)).toBe(expected);
  });

  it.each([
    [
      `Failed query: insert into "patients" values ($1, $2)\nparams: John,Smith\nof 3\n    at Pool.query`,
      /John|Smith|of 3/,
    ],
    ['duplicate key\nKey (family)=(Smith) already exists.', /Smith/],
    ['Failing row contains (7, Smith, null).', /Smith/],
    ['invalid input syntax for type uuid: "Smith"', /Smith/],
    [`unnamed portal parameter $1 = 'Smith'`, /Smith/],
    [`Unexpected token 'S', "{"a": Smith" is not valid JSON`, /Smith/],
  ])('masks what databases and parsers quote: %j', (text, leak) => {
    expect(masked(text)).not.toMatch(leak);
  });

  it.each([
    'listening on http://127.0.0.1:8000',
    'request req-mi8x2k4f-0123456789abcdef took 12.345678 ms',
    'trace 12345678901234567890123456789012',
    'job 01951234-1234-7123-8123-123456789012 of clinical-assertion@1.12.20',
    'lane 2 restarted 3 times in 1234567 ms, 536870912 bytes',
    '2026-11-21T13:10:56.123Z started',
    'at Pool.query (/app/node_modules/pg-pool/index.js:45:11)',
    'POST /v1/models/:name/predict 500',
    'sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'address 10.1.2.3 refused; [::1]:5432',
    'score 0.1234567891 of 3 models; 1,234,567 tokens',
    'Key invalid. Set ENCRYPTION_KEY',
  ])('leaves readable what operators need: %s', (text) => {
    expect(masked(text)).toBe(text);
  });

  it('masks IP addresses when asked, but not those of nobody', () => {
    const hide = (text: string) => maskText(text, { addresses: true });
    expect(hide('from 10.1.2.3 and 2001:db8::7 to 127.0.0.1 and ::1')).toBe(
      'from [address] and [address] to 127.0.0.1 and ::1',
    );
    expect(hide('at 12:34:56 with 1.2.3')).toBe('at 12:34:56 with 1.2.3');
  });

  it('finds nothing more in what it has masked', () => {
    for (const patient of generatePatients(100)) {
      const once = masked(Object.values(patient).join(' | '));
      expect(masked(once)).toBe(once);
    }
  });
});

describe('hostile texts', () => {
  const LENGTH = 100_000;
  const piece = fc.oneof(
    fc.string({ minLength: 1, maxLength: 12 }),
    fc.constantFrom(
      ...[
        'a',
        '1',
        ' ',
        '@',
        'a@',
        '@a.',
        '1 ',
        '1-',
        '+1',
        '1.',
        '://',
        'eyJ',
        'eyJa.',
        '"',
        '\\"',
      ],
      ...[
        '-----BEGIN A-----',
        'Key (',
        'password=',
        '"text":"',
        'Unexpected ',
        'invalid "',
        '&a=',
        '1:',
      ],
      ...[
        'postgres://',
        '@://',
        '12 Main ',
        'Mr A',
        'MRN ',
        '555-',
        '(555)',
        '1980-',
        'Jan 1',
        'bearer ',
        '%40',
      ],
      ...['ssn ', '\nparams: ', 'patient ', "name: '", '[', '{', '1A', '0:0:', 'a.', '20', 'Drew'],
    ),
  );
  // Quadratic time would take minutes for these.
  it('take time in proportion to their length', () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (pieces) => {
        const unit = pieces.join('');
        const text = unit.repeat(Math.ceil(LENGTH / unit.length));
        const started = performance.now();
        maskText(text, { addresses: true });
        expect(performance.now() - started).toBeLessThan(2_000);
      }),
      { numRuns: 150, seed: 7 },
    );
  }, 120_000);
});

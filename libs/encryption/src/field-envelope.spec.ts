import { createSecretKey, randomBytes } from 'node:crypto';
import { EnvelopeError, openField, sealField, versionOf } from './field-envelope.js';

const key = createSecretKey(Buffer.alloc(32, 7));
const place = { table: 'patients', column: 'birth_date', row: '42' };

describe('an encrypted field', () => {
  it.each(['', '1984-02-29', 'naïve – 日本語 – 🩺', 'x'.repeat(100_000), 'a\0b'])(
    'comes back as it was',
    (plain) => {
      const envelope = sealField(key, 3, place, plain);
      expect(envelope).toMatch(/^e1\.3\.[\w-]+$/);
      expect(versionOf(place, envelope)).toBe(3);
      expect(openField(key, place, envelope)).toBe(plain);
    },
  );

  it('can be read by later versions of this program', () => {
    const stored = 'e1.1.CQkJCQkJCQkJCQkJFry8oJPA80ySW_McRq8vJsikoWT1uV71Qe4';
    expect(openField(key, place, stored)).toBe('1984-02-29');
  });

  it('differs each time, so that equal values cannot be told', () => {
    expect(sealField(key, 1, place, 'same')).not.toBe(sealField(key, 1, place, 'same'));
  });

  it('is refused in any other place', () => {
    const envelope = sealField(key, 1, place, 'secret');
    for (const other of [
      { ...place, row: '43' },
      { ...place, column: 'history' },
      { ...place, table: 'users' },
      // The same letters, cut elsewhere.
      { table: 'patientsb', column: 'irth_date', row: '42' },
    ]) {
      expect(() => openField(key, other, envelope)).toThrow(EnvelopeError);
    }
  });

  it('is refused under another version or key', () => {
    const envelope = sealField(key, 1, place, 'secret');
    expect(() => openField(key, place, envelope.replace('e1.1.', 'e1.2.'))).toThrow(EnvelopeError);
    const another = createSecretKey(randomBytes(32));
    expect(() => openField(another, place, envelope)).toThrow(EnvelopeError);
  });

  it('is refused when any character was changed or cut, without saying what it held', () => {
    const envelope = sealField(key, 1, place, 'secret');
    for (let at = 0; at < envelope.length; at++) {
      const letter = envelope[at] === 'A' ? 'B' : 'A';
      const changed = envelope.slice(0, at) + letter + envelope.slice(at + 1);
      expect(() => openField(key, place, changed)).toThrow(EnvelopeError);
      expect(() => openField(key, place, envelope.slice(0, at))).toThrow(EnvelopeError);
    }
    expect(() => openField(key, place, `${envelope}A`)).toThrow(EnvelopeError);
    expect(() => openField(key, place, 'secret')).toThrow(
      'A value of patients.birth_date is not an encrypted one',
    );
  });
});

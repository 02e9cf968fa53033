import { DerivedKeys } from './derived-keys.js';

const derived = new DerivedKeys(Buffer.alloc(32, 1));

describe('keys derived from the root secret', () => {
  it('never change, for stored hashes are compared with new ones', () => {
    expect(derived.hash('patient', 'P001').toString('hex')).toBe(
      '4320b4e0ba8a40a372f033fd92de16a09acab4998164338200f06f622c47342f',
    );
    expect(derived.key('audit').toString('hex')).toBe(
      'aea72f01b664cf063296a4e4c2b4a906e20ec27992c88e6efb83f8c91378c012',
    );
  });

  it('differ by purpose, use and secret', () => {
    const other = new DerivedKeys(Buffer.alloc(32, 2));
    const made = [
      derived.hash('patient', 'P001'),
      derived.hash('patient', 'P002'),
      derived.hash('email', 'P001'),
      other.hash('patient', 'P001'),
      derived.key('patient'),
      derived.key('email'),
    ];
    expect(new Set(made.map((bytes) => bytes.toString('hex'))).size).toBe(made.length);
  });
});

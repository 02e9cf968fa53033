import { assertMetadata } from './job-metadata.js';

function nested(levels: number): Record<string, unknown> {
  let value: unknown = 1;
  for (let i = 1; i < levels; i++) value = i % 2 === 0 ? [value] : { b: value };
  return { a: value };
}

describe('the metadata of a job', () => {
  it('may be nested, to a depth that everybody can read', () => {
    expect(() => assertMetadata(undefined)).not.toThrow();
    expect(() => assertMetadata({ a: null, b: [], c: { d: 'e' } })).not.toThrow();
    expect(() => assertMetadata(nested(32))).not.toThrow();
    for (const levels of [33, 100_000]) {
      expect(() => assertMetadata(nested(levels))).toThrow('more than 32 levels');
    }
  });

  it('takes at most 8 KiB', () => {
    expect(() => assertMetadata({ a: 'ä'.repeat(4_092) })).not.toThrow();
    expect(() => assertMetadata({ a: 'ä'.repeat(4_093) })).toThrow('8192 bytes');
  });
});

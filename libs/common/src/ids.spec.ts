import { newId, newRequestId } from './ids.js';

describe('newRequestId', () => {
  it('has the form System A clients accept, each different', () => {
    const ids = Array.from({ length: 10_000 }, newRequestId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^req-\w+-\w+$/.test(id))).toEqual([]);
  });
});

describe('newId', () => {
  const ids = Array.from({ length: 50_000 }, newId);

  it('is a UUID of version 7 and the RFC’s variant', () => {
    const form = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
    expect(ids.filter((id) => !form.test(id))).toEqual([]);
  });

  it('ascends, even within a millisecond, and never repeats', () => {
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('begins with the time', () => {
    const ms = parseInt(newId().replace('-', '').slice(0, 12), 16);
    // Fifty thousand ids in a moment may have borrowed a few milliseconds.
    expect(Math.abs(ms - Date.now())).toBeLessThan(1_000);
  });
});

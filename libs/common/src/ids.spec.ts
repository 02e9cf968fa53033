import { newId, newRequestId } from './ids.js';

describe('ids', () => {
  it('makes request ids that System A clients accept, each different', () => {
    const ids = Array.from({ length: 10_000 }, newRequestId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^req-\w+-\w+$/);
  });

  it('makes identifiers that sort by time', () => {
    const ids = Array.from({ length: 100 }, newId);
    expect([...ids].sort()).toEqual(ids);
  });
});

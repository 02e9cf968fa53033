import fc from 'fast-check';
import { groupsOf } from './groups-of.js';

async function* arriving<Item>(arrivals: readonly (readonly Item[])[]) {
  yield* arrivals;
}

describe('groupsOf', () => {
  it('makes full groups in order, and one of what is left, however many come at a time', async () => {
    const arrivals = fc.array(fc.array(fc.integer(), { maxLength: 20 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(arrivals, fc.integer({ min: 1, max: 9 }), async (arrived, size) => {
        const all = arrived.flat();
        const groups: (readonly number[])[] = [];
        for await (const group of groupsOf(arriving(arrived), size)) groups.push(group);
        expect(groups.flat()).toEqual(all);
        expect(groups).toHaveLength(Math.ceil(all.length / size));
        expect(groups.slice(0, -1).every((group) => group.length === size)).toBe(true);
      }),
    );
  });
});

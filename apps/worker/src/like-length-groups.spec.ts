import fc from 'fast-check';
import { likeLengthGroups, type GroupSizes, type Placed } from './like-length-groups.js';

async function* arriving<Item>(arrivals: readonly (readonly Item[])[]) {
  yield* arrivals;
}

async function groupsOf(
  arrivals: readonly (readonly number[])[],
  sizes: GroupSizes,
): Promise<(readonly Placed<number>[])[]> {
  const groups: (readonly Placed<number>[])[] = [];
  for await (const group of likeLengthGroups(arriving(arrivals), (length) => length, sizes)) {
    groups.push(group);
  }
  return groups;
}

describe('likeLengthGroups', () => {
  it('gives every item once and with its place, however many come at a time', async () => {
    const arrivals = fc.array(fc.array(fc.nat({ max: 90 }), { maxLength: 20 }), { maxLength: 12 });
    const sizes = fc.record({
      items: fc.integer({ min: 1, max: 9 }),
      stretchItems: fc.integer({ min: 1, max: 40 }),
      stretchLength: fc.integer({ min: 1, max: 2_000 }),
    });
    await fc.assert(
      fc.asyncProperty(arrivals, sizes, async (arrived, { items, ...stretch }) => {
        const groups = await groupsOf(arrived, { items, ...stretch });
        const inOrder = groups.flat().sort((a, b) => a.at - b.at);
        expect(inOrder.map(({ item }) => item)).toEqual(arrived.flat());
        expect(inOrder.map(({ at }) => at)).toEqual(arrived.flat().map((_, i) => i));
        expect(groups.every(({ length }) => length > 0 && length <= items)).toBe(true);
      }),
    );
  });

  it('sorts a stretch upwards and the next one downwards', async () => {
    const sizes = { items: 2, stretchItems: 4, stretchLength: 1_000 };
    const groups = await groupsOf(
      [
        [9, 3],
        [7, 1, 2, 8, 6],
        [4, 5],
      ],
      sizes,
    );
    const lengths = groups.map((group) => group.map(({ item }) => item));
    expect(lengths).toEqual([[1, 3], [7, 9], [8, 6], [4, 2], [5]]);
  });

  it('ends a stretch early when its items are long, so that few are held', async () => {
    const sizes = { items: 2, stretchItems: 100, stretchLength: 10 };
    const groups = await groupsOf([[8, 7, 1]], sizes);
    expect(groups.map((group) => group.map(({ item }) => item))).toEqual([[7, 8], [1]]);
  });
});

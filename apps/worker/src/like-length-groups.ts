/** An item, and its place in the stream it came from. */
export interface Placed<Item> {
  readonly at: number;
  readonly item: Item;
}

export interface GroupSizes {
  /** Items of a group. */
  readonly items: number;
  /** Items read ahead and put in order together. */
  readonly stretchItems: number;
  /** Length of all of them together that ends a stretch early: what bounds the memory it takes. */
  readonly stretchLength: number;
}

/**
 * The items of a stream in groups of like length, however many come at a time.
 * A batch is padded to its longest item, so those of like length should wait
 * together. Stretches are sorted upwards and downwards in turn: where one ends
 * and the next begins the lengths are alike too.
 */
export async function* likeLengthGroups<Item>(
  arrivals: AsyncIterable<readonly Item[]>,
  lengthOf: (item: Item) => number,
  sizes: GroupSizes,
): AsyncGenerator<readonly Placed<Item>[]> {
  let stretch: Measured<Item>[] = [];
  let length = 0;
  let direction = 1;
  let at = 0;
  for await (const arrived of arrivals) {
    for (const item of arrived) {
      const itemLength = lengthOf(item);
      stretch.push({ at: at++, item, length: itemLength });
      length += itemLength;
      if (stretch.length < sizes.stretchItems && length < sizes.stretchLength) continue;
      yield* cut(stretch, direction, sizes.items);
      stretch = [];
      length = 0;
      direction = -direction;
    }
  }
  yield* cut(stretch, direction, sizes.items);
}

interface Measured<Item> extends Placed<Item> {
  readonly length: number;
}

function* cut<Item>(
  stretch: Measured<Item>[],
  direction: number,
  size: number,
): Generator<readonly Placed<Item>[]> {
  stretch.sort((a, b) => direction * (a.length - b.length));
  for (let from = 0; from < stretch.length; from += size) yield stretch.slice(from, from + size);
}

/** The items of a stream in groups of `size`, the last of as many as are left, however many come at a time. */
export async function* groupsOf<Item>(
  arrivals: AsyncIterable<readonly Item[]>,
  size: number,
): AsyncGenerator<readonly Item[]> {
  let rest: readonly Item[] = [];
  for await (const arrived of arrivals) {
    const items = rest.length === 0 ? arrived : [...rest, ...arrived];
    let from = 0;
    for (; from + size <= items.length; from += size) yield items.slice(from, from + size);
    rest = items.slice(from);
  }
  if (rest.length > 0) yield rest;
}

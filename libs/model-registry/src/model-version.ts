/** `major.minor.patch`, perhaps with a pre-release such as `-beta.2`. */
export const VERSION_PATTERN = '^\\d{1,6}\\.\\d{1,6}\\.\\d{1,6}(-[a-z0-9]+(\\.[a-z0-9]+)*)?$';

/** Orders versions as Semantic Versioning does: a pre-release comes before its release. */
export function compareVersions(a: string, b: string): number {
  const [coreA = '', ...preA] = a.split('-');
  const [coreB = '', ...preB] = b.split('-');
  const core = compareIdentifiers(coreA.split('.'), coreB.split('.'));
  if (core !== 0) return core;
  if (preA.length === 0 || preB.length === 0) return preB.length - preA.length;
  return compareIdentifiers(preA.join('-').split('.'), preB.join('-').split('.'));
}

function compareIdentifiers(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i], b[i]];
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    const [numberX, numberY] = [Number(x), Number(y)];
    const bothNumbers = !Number.isNaN(numberX) && !Number.isNaN(numberY);
    const order = bothNumbers ? numberX - numberY : x < y ? -1 : x > y ? 1 : 0;
    if (order !== 0) return order;
  }
  return 0;
}

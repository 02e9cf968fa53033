/** `major.minor.patch`, perhaps with a pre-release such as `-beta.2`. */
export const VERSION_PATTERN = '^\\d{1,6}\\.\\d{1,6}\\.\\d{1,6}(-[a-z0-9]+(\\.[a-z0-9]+)*)?$';

const DIGITS = /^\d+$/;

/** Orders versions as Semantic Versioning does: a pre-release comes before its release. */
export function compareVersions(a: string, b: string): number {
  const [coreA = '', preA] = a.split('-');
  const [coreB = '', preB] = b.split('-');
  const core = compareIdentifiers(coreA.split('.'), coreB.split('.'));
  if (core !== 0) return core;
  if (preA === undefined || preB === undefined) {
    return Number(preA === undefined) - Number(preB === undefined);
  }
  return compareIdentifiers(preA.split('.'), preB.split('.'));
}

/** The first difference decides; numbers come before words, and a longer list after its own start. */
function compareIdentifiers(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i], b[i]];
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    const order = compareIdentifier(x, y);
    if (order !== 0) return order;
  }
  return 0;
}

function compareIdentifier(x: string, y: string): number {
  const [numericX, numericY] = [DIGITS.test(x), DIGITS.test(y)];
  if (numericX && numericY) return Number(x) - Number(y);
  if (numericX !== numericY) return numericX ? -1 : 1;
  return x < y ? -1 : x > y ? 1 : 0;
}

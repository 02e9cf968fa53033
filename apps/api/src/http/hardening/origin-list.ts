/** Longer than any host name with its scheme and port. */
const LONGEST_ORIGIN = 300;

/**
 * Whether a browser's origin is one of those listed. An entry is an origin, or
 * a pattern in which `*` as a whole label of the host stands for one or more
 * labels, and within a label for characters of that label.
 */
export class OriginList {
  private readonly exact = new Set<string>();
  private readonly patterns: readonly RegExp[];

  constructor(entries: readonly string[]) {
    const patterns: RegExp[] = [];
    for (const entry of entries) {
      if (entry.includes('*')) patterns.push(originPattern(entry));
      else this.exact.add(entry);
    }
    this.patterns = patterns;
  }

  has(origin: string): boolean {
    if (this.exact.has(origin)) return true;
    if (origin.length > LONGEST_ORIGIN) return false;
    return this.patterns.some((pattern) => pattern.test(origin));
  }
}

function originPattern(entry: string): RegExp {
  const [, scheme = '', host = '', port = ''] =
    /^([a-z]+:\/\/)([^:]*)(.*)$/.exec(entry.toLowerCase()) ?? [];
  const labels = host.split('.').map((label) => {
    if (label === '*') return String.raw`[a-z\d-]+(?:\.[a-z\d-]+)*`;
    return label
      .split('*')
      .map(escaped)
      .join(String.raw`[a-z\d-]*`);
  });
  return new RegExp(`^${escaped(scheme)}${labels.join(String.raw`\.`)}${escaped(port)}$`);
}

function escaped(text: string): string {
  return text.replace(/[^a-z\d]/g, String.raw`\$&`);
}

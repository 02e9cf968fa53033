/** One kind of thing that must not be read in a text. */
export interface Rule {
  /** Cheap to look for; without it the pattern cannot match. */
  readonly hint: string | RegExp;
  /**
   * Global. Must take time in proportion to the text, however hostile: nothing
   * unbounded may begin at every position of what it repeats.
   */
  readonly pattern: RegExp;
  /** Gets the match and its groups, as `String.replace` does. */
  readonly replace: (whole: string, first?: string, second?: string) => string;
}

export function applyRules(rules: readonly Rule[], text: string): string {
  let masked = text;
  for (const { hint, pattern, replace } of rules) {
    if (typeof hint === 'string' ? !masked.includes(hint) : !hint.test(masked)) continue;
    masked = masked.replace(pattern, replace as (whole: string, ...groups: string[]) => string);
  }
  return masked;
}

export interface BoardPageValues {
  /** Where the board is, with a slash at its end. */
  readonly basePath: string;
  readonly title: string;
  /** JSON that the page's script reads. */
  readonly uiConfig: string;
  readonly favIconDefault: string;
  readonly favIconAlternative: string;
}

/** Fonts that the page would fetch from their maker; it has others to fall back on. */
const REMOTE_STYLES = /<link\b[^>]*href="https?:[^>]*>/g;
const PLACE = /<%([=-])\s*(\w+)\s*%>/g;

/**
 * Fills in the page of the board, whose template has places such as `<%= title %>`,
 * and takes out what it would fetch from elsewhere.
 * @throws Error when the template has a place that this does not know
 */
export function boardPage(template: string, values: BoardPageValues): string {
  const known: Readonly<Record<string, string>> = { ...values };
  const page = template
    .replace(REMOTE_STYLES, '')
    .replace(PLACE, (_, mark: string, name: string) => {
      const value = known[name];
      if (value === undefined) throw new Error(`The board's page wants to know its ${name}`);
      return mark === '-' ? value : escaped(value);
    });
  if (page.includes('<%')) throw new Error("The board's page has a form that is not known");
  return page;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

import type { Estimate } from './bootstrap.js';

/** A Markdown table; the first row is the heading. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [heading = [], ...rest] = rows;
  return [heading, heading.map(() => '---'), ...rest]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

/** `0.962 (0.941–0.979)`; a dash where the figure is undefined. */
export function withInterval({ value, low, high }: Estimate): string {
  return Number.isNaN(value) ? '–' : `${figure(value)} (${figure(low)}–${figure(high)})`;
}

/** Three digits, or a dash where the figure is undefined. */
export function figure(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(3);
}

/** A difference of two figures. */
export function margin(value: number): string {
  return Number.isNaN(value) ? '–' : `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

export function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}

/** `1 sentence`, `2 sentences`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** What stands in place of the mistakes on a frozen set. */
export function heldBack(mistakes: number): string {
  return (
    `${counted(mistakes, 'mistake')}, not listed: the set is frozen (SHA256SUMS names it), and a ` +
    'training that knows them could not be measured on it.'
  );
}

/** Text of others as it stands in a table or a list, on one line. */
export function escaped(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_<>|[\]#]/g, '\\$&');
}

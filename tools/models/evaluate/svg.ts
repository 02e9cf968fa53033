/**
 * A drawing that can be read on a light and on a dark page: it brings its own background
 * and follows the reader's colour scheme.
 */
export function svgDocument(
  width: number,
  height: number,
  title: string,
  elements: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${svgText(title)}</title>`,
    STYLE,
    `<rect class="page" width="${width}" height="${height}" rx="8"/>`,
    ...elements,
    '</svg>',
    '',
  ].join('\n');
}

export function svgText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

const STYLE = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328; text-anchor: middle; dominant-baseline: central; }
.title { font-size: 15px; font-weight: 600; }
.small { font-size: 11px; }
.quiet { font-size: 11px; fill: #59636e; }
.end { text-anchor: end; }
.page { fill: #ffffff; }
.mark { fill: #3b82d6; }
.dot { fill: #1f2328; }
.line { stroke: #59636e; stroke-width: 1; fill: none; }
.grid { stroke: #d1d9e0; stroke-width: 1; fill: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .quiet { fill: #9198a1; }
  .page { fill: #0d1117; }
  .dot { fill: #f0f6fc; }
  .line { stroke: #9198a1; }
  .grid { stroke: #3d444d; }
}
</style>`;

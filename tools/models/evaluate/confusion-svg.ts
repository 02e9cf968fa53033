import { svgDocument, svgText } from './svg.js';

const CELL = 92;
const LEFT = 130;
const TOP = 78;
/** The fullest cell still lets the figure on it be read. */
const STRONGEST = 0.75;

/** @param confusion rows expected, columns answered, row by row */
export function confusionSvg(
  title: string,
  labels: readonly string[],
  confusion: Float64Array,
): string {
  const size = labels.length;
  const elements = [
    `<text class="title" x="${LEFT + (size * CELL) / 2}" y="22">${svgText(title)}</text>`,
    `<text class="quiet" x="${LEFT + (size * CELL) / 2}" y="44">answered; shares are of what was expected</text>`,
    `<text class="quiet end" x="${LEFT - 12}" y="${TOP - 16}">expected</text>`,
  ];
  for (const [i, label] of labels.entries()) {
    const middle = i * CELL + CELL / 2;
    elements.push(
      `<text x="${LEFT + middle}" y="${TOP - 16}">${svgText(label)}</text>`,
      `<text class="end" x="${LEFT - 12}" y="${TOP + middle}">${svgText(label)}</text>`,
    );
    const row = confusion.subarray(i * size, (i + 1) * size);
    const total = row.reduce((sum, count) => sum + count, 0);
    for (const [j, count] of row.entries()) {
      const share = total === 0 ? 0 : count / total;
      const [x, y] = [LEFT + j * CELL, TOP + i * CELL];
      const place = `x="${x}" y="${y}" width="${CELL}" height="${CELL}"`;
      elements.push(
        `<rect class="mark" ${place} fill-opacity="${(share * STRONGEST).toFixed(3)}"/>`,
        `<rect class="grid" ${place}/>`,
        `<text x="${x + CELL / 2}" y="${y + CELL / 2 - 9}">${count}</text>`,
        `<text class="small" x="${x + CELL / 2}" y="${y + CELL / 2 + 11}">${(100 * share).toFixed(1)} %</text>`,
      );
    }
  }
  return svgDocument(LEFT + size * CELL + 24, TOP + size * CELL + 24, title, elements);
}

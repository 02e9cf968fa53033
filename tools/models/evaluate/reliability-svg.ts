import type { ReliabilityBin } from './calibration.js';
import { svgDocument, svgText } from './svg.js';

const SIDE = 300;
const LEFT = 64;
const TOP = 60;
const BARS = 60;

/** Share of right answers by score, beside the line of perfect calibration; below, how many answers. */
export function reliabilitySvg(title: string, bins: readonly ReliabilityBin[]): string {
  const [x, y] = [
    (value: number) => LEFT + value * SIDE,
    (value: number) => TOP + (1 - value) * SIDE,
  ];
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const base = TOP + SIDE + 44 + BARS;
  const elements = [
    `<text class="title" x="${x(0.5)}" y="22">${svgText(title)}</text>`,
    `<text class="quiet" x="${x(0.5)}" y="43">share of right answers by score</text>`,
  ];
  for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
    elements.push(
      `<path class="grid" d="M${x(0)} ${y(tick)}H${x(1)}"/>`,
      `<text class="quiet end" x="${LEFT - 8}" y="${y(tick)}">${tick}</text>`,
      `<text class="quiet" x="${x(tick)}" y="${TOP + SIDE + 14}">${tick}</text>`,
    );
  }
  for (const { low, high, count, accuracy, confidence } of bins) {
    if (count === 0) continue;
    const bar = `x="${(x(low) + 2).toFixed(1)}" width="${((high - low) * SIDE - 4).toFixed(1)}"`;
    const tall = Math.max(1, (count / most) * BARS);
    elements.push(
      `<rect class="mark" ${bar} y="${y(accuracy).toFixed(1)}" height="${(accuracy * SIDE).toFixed(1)}" fill-opacity="0.55"/>`,
      `<circle class="dot" cx="${x(confidence).toFixed(1)}" cy="${y(accuracy).toFixed(1)}" r="3"/>`,
      `<rect class="mark" ${bar} y="${(base - tall).toFixed(1)}" height="${tall.toFixed(1)}" fill-opacity="0.55"/>`,
      `<text class="quiet" x="${x((low + high) / 2).toFixed(1)}" y="${(base - tall - 8).toFixed(1)}">${count}</text>`,
    );
  }
  elements.push(
    `<path class="line" stroke-dasharray="5 4" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/>`,
    `<path class="line" d="M${x(0)} ${y(1)}V${y(0)}H${x(1)}M${x(0)} ${base}H${x(1)}"/>`,
    `<text class="quiet" x="${x(0.5)}" y="${base + 16}">answers in each tenth of the score</text>`,
  );
  return svgDocument(LEFT + SIDE + 28, base + 34, title, elements);
}

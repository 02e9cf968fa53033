import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';

/** One line of the verdict. */
export interface Figure {
  readonly id: string;
  readonly model: string;
  readonly value: number;
  readonly goal: number;
  readonly want: 'at least' | 'at most';
}

export function reached({ value, goal, want }: Figure): boolean {
  // NaN, of a measurement that gave nothing, reaches no goal.
  return want === 'at least' ? value >= goal : value <= goal;
}

/** `P1 bundled 0.81 goal 0.75 ok`. */
export function formatFigure(figure: Figure): string {
  const { id, model, value, goal } = figure;
  return `${id} ${model} ${rounded(value)} goal ${goal} ${reached(figure) ? 'ok' : 'short'}`;
}

/** A value just short of its goal is not rounded up to it. */
function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Math.trunc(value * 100) / 100);
}

export interface Results {
  readonly startedAt: string;
  readonly seconds: number;
  readonly quick: boolean;
  readonly corpus: { readonly source: string; readonly sentences: number };
  readonly figures: readonly Figure[];
  /** Everything measured on the way, by model. */
  readonly measurements: Readonly<Record<string, unknown>>;
}

export async function writeResults(folder: URL, results: Results): Promise<URL> {
  await mkdir(folder, { recursive: true });
  const file = new URL('results.json', folder);
  const figures = results.figures.map((figure) => ({ ...figure, ok: reached(figure) }));
  const content = { ...results, figures, machine: describeMachine() };
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
  return file;
}

export function describeMachine(): Readonly<Record<string, string | number>> {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

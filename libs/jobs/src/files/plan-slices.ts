import type { SlicePlan } from '../input-files.js';

/**
 * Cuts a file into pieces of whole rows, `itemsPerSlice` or as near to it as
 * the file's index allows.
 */
export function planSlices(
  file: {
    readonly rows: number;
    readonly size: number;
    readonly rowOffsets: readonly number[];
    readonly rowStep: number;
  },
  itemsPerSlice: number,
): SlicePlan[] {
  const stride = Math.max(1, Math.round(itemsPerSlice / file.rowStep));
  const plans: SlicePlan[] = [];
  for (let at = 0; at < file.rowOffsets.length; at += stride) {
    const firstItem = at * file.rowStep;
    plans.push({
      firstItem,
      items: Math.min(stride * file.rowStep, file.rows - firstItem),
      byteStart: file.rowOffsets[at] ?? 0,
      byteEnd: file.rowOffsets[at + stride] ?? file.size,
    });
  }
  return plans;
}

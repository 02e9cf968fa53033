import { paddedTokens, paddingWaste, shapeOf } from '../batcher/form-batch.js';
import type { BatchReport } from './scheduler-options.js';
import type { WorkItem } from './work.js';

/** What observers are told of a batch; null for one that holds nothing. */
export function batchReport(
  batch: readonly WorkItem[],
  runMs: number,
  ok: boolean,
): BatchReport | null {
  const submission = batch[0]?.submission;
  if (!submission) return null;
  const shape = shapeOf(batch);
  return {
    model: submission.model.key,
    priority: submission.context.priority,
    size: batch.length,
    paddedTokens: paddedTokens(shape),
    paddingWaste: paddingWaste(shape),
    runMs,
    ok,
  };
}

import { invalidField } from '@app/common';

const MOST_BYTES = 8_192;
/** More than anybody means to send; JSON is written and read by recursion in many a receiver. */
const MOST_LEVELS = 32;

/** @throws DomainError VALIDATION_ERROR when a job's metadata is nested too deeply, or too long */
export function assertMetadata(metadata: Record<string, unknown> | undefined): void {
  if (metadata === undefined) return;
  if (isDeeper(metadata, MOST_LEVELS)) {
    throw invalidField(
      'metadata',
      'too_deep',
      `metadata is nested more than ${MOST_LEVELS} levels deep. Send it flatter, or as a text.`,
    );
  }
  if (Buffer.byteLength(JSON.stringify(metadata)) <= MOST_BYTES) return;
  throw invalidField(
    'metadata',
    'too_long',
    `metadata takes more than ${MOST_BYTES} bytes as JSON. Send less.`,
  );
}

/** Level by level, without recursion, which is what a deep value breaks. */
function isDeeper(value: unknown, levels: number): boolean {
  let level = [value].filter(isNested);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === levels) return true;
    level = level.flatMap((part) => Object.values(part).filter(isNested));
  }
  return false;
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

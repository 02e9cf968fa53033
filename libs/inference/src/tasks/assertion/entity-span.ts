import { invalidField } from '@app/common';
import { spanFromCaller, splitsCharacter, type OffsetUnit } from '../../tokenization/offsets.js';
import type { Span } from '../../tokenization/tokenizer.js';
import { isReadable } from '../readable-text.js';
import type { RawInput } from '../task.js';

/** Searching for a longer string could be made slow by a hostile one. */
const LONGEST_ENTITY_STRING = 1000;

export interface FoundEntity {
  readonly span: Span;
  readonly warnings: readonly string[];
}

/**
 * Where a caller's entity stands in the text as received (string indices): by its
 * offsets, or the first occurrence of the string, upper and lower case told apart.
 * @throws DomainError ENTITY_NOT_FOUND, or VALIDATION_ERROR on `entity`, `entity.start`, `entity.end`
 */
export function findEntity(
  text: string,
  entity: NonNullable<RawInput['entity']>,
  unit: OffsetUnit,
): FoundEntity {
  if (typeof entity === 'string') return findString(text, entity);
  const span = spanFromCaller(text, entity, unit, 'entity');
  requireReadableEntity(text.slice(span.start, span.end));
  return { span, warnings: [] };
}

function findString(text: string, entity: string): FoundEntity {
  requireReadableEntity(entity);
  if (entity.length > LONGEST_ENTITY_STRING) {
    throw invalidField(
      'entity',
      'too_long',
      `The entity string is longer than ${LONGEST_ENTITY_STRING} characters; give its start and end instead.`,
    );
  }
  const start = nextOccurrence(text, entity, 0);
  if (start === -1) {
    throw invalidField(
      'entity',
      'not_found',
      'The entity does not stand in the text; upper and lower case count.',
      'ENTITY_NOT_FOUND',
    );
  }
  const end = start + entity.length;
  const warnings =
    nextOccurrence(text, entity, end) === -1
      ? []
      : [
          'The entity stands in the text more than once; the first was judged. Give start and end to choose.',
        ];
  return { span: { start, end }, warnings };
}

/** As `indexOf`, but half a surrogate pair is no occurrence of a lone surrogate. */
function nextOccurrence(text: string, entity: string, from: number): number {
  let at = text.indexOf(entity, from);
  while (at !== -1 && (splitsCharacter(text, at) || splitsCharacter(text, at + entity.length))) {
    at = text.indexOf(entity, at + 1);
  }
  return at;
}

function requireReadableEntity(entity: string): void {
  if (!isReadable(entity)) {
    throw invalidField(
      'entity',
      'blank',
      'The entity is blank; it must hold a readable character.',
    );
  }
}

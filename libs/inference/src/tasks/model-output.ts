import { DomainError } from '@app/common';

/**
 * The model's numbers, once it is certain that they are numbers and as many as expected.
 * @throws DomainError INFERENCE_ERROR
 */
export function requireSoundOutput(output: Float32Array, expectedLength?: number): void {
  if (output.length === 0 || (expectedLength !== undefined && output.length !== expectedLength)) {
    throw new DomainError('INFERENCE_ERROR', 'The model answered with a wrong number of values.');
  }
  for (const value of output) {
    if (!Number.isFinite(value)) {
      throw new DomainError(
        'INFERENCE_ERROR',
        'The model answered with values that are not finite.',
      );
    }
  }
}

/** The warning that goes with an answer about a text that was cut. */
export function truncationWarning(maxTokens: number, kept: string): string {
  return `The text is longer than the ${maxTokens} tokens the model takes; only ${kept} was read.`;
}

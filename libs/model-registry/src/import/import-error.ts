import { SetupError } from '@app/common';

/** Why a folder cannot be imported as a model, and what to change. */
export class ImportError extends SetupError {
  override name = 'ImportError';
}

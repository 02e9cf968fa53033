/**
 * Something about this installation that its operator can put right: a wrong
 * setting, a damaged model, a port in use. The message says what and how; a
 * stack would only hide it.
 */
export class SetupError extends Error {
  override name = 'SetupError';
}

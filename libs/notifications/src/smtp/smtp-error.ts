import type { AttemptOutcome } from '@app/deliveries';

interface SmtpFailure {
  readonly code?: unknown;
  readonly command?: unknown;
  readonly responseCode?: unknown;
}

/** Commands in which a server judges this mail or its recipient rather than us. */
const ABOUT_THE_MAIL: ReadonlySet<unknown> = new Set(['RCPT TO', 'DATA']);

/**
 * What a failure to hand a mail over means. Only a refusal of this very mail
 * is final; all else an operator can put right while it is tried again.
 */
export function smtpOutcome(error: unknown): AttemptOutcome {
  const { code, command, responseCode } = (error ?? {}) as SmtpFailure;
  const answer = typeof responseCode === 'number' ? responseCode : null;
  if (answer !== null && answer >= 500 && ABOUT_THE_MAIL.has(command)) {
    return { kind: 'failed', status: null, error: `The mail server refused the mail (${answer}).` };
  }
  return { kind: 'retry', status: null, error: reasonOf(code, answer) };
}

function reasonOf(code: unknown, answer: number | null): string {
  if (code === 'EAUTH') return 'The mail server refused the sign-in.';
  if (answer !== null) return `The mail server answered ${answer}.`;
  const named = typeof code === 'string' && /^[A-Z][A-Z_\d]{2,40}$/.test(code) ? ` (${code})` : '';
  return `The mail server could not be reached${named}.`;
}

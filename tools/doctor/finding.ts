/** `fail` keeps the service from starting or answering; `note` is worth knowing. */
export type FindingState = 'ok' | 'note' | 'fail';

/** One thing that was looked at. */
export interface Finding {
  readonly state: FindingState;
  readonly subject: string;
  /** What was found, and for a failure what to change. */
  readonly text: string;
}

/** One finding a line, texts of several lines indented below each other. */
export function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  return findings
    .map(({ state, subject, text }) => {
      const indent = ' '.repeat(4 + 2 + width + 2);
      const body = text.trim().split('\n').join(`\n${indent}`);
      return `${state.padEnd(4)}  ${subject.padEnd(width)}  ${body}`;
    })
    .join('\n');
}

/** Something that is not as it was written. */
export type AuditFinding =
  /** The row's MAC does not fit it and its predecessor: edited, exchanged with another, or forged. */
  | { readonly kind: 'altered'; readonly seq: number }
  /** Rows between others are gone. */
  | { readonly kind: 'missing'; readonly from: number; readonly to: number }
  /** Rows at the end are gone: checkpoints name rows up to `to`. */
  | { readonly kind: 'truncated'; readonly from: number; readonly to: number }
  /** A row where none can be: before the first, or a second one of the same number. */
  | { readonly kind: 'inserted'; readonly seq: number }
  /** The row fits the chain, but a checkpoint saw another in its place. */
  | { readonly kind: 'replaced'; readonly seq: number }
  /** A line of a checkpoint file was not written by this service. */
  | { readonly kind: 'checkpoint'; readonly file: string; readonly line: number };

/** One sentence for the operator. */
export function describeFinding(finding: AuditFinding): string {
  switch (finding.kind) {
    case 'altered':
      return `Row ${finding.seq} was edited, moved or forged: its MAC does not fit.`;
    case 'missing':
      return `${rows(finding)} deleted.`;
    case 'truncated':
      return `${rows(finding)} cut off the end: checkpoints prove that there were such rows.`;
    case 'inserted':
      return `Row ${finding.seq} was inserted: the service never writes one there.`;
    case 'replaced':
      return `Row ${finding.seq} is not the one that a checkpoint recorded.`;
    case 'checkpoint':
      return `Line ${finding.line} of the checkpoint file ${finding.file} is damaged.`;
  }
}

function rows({ from, to }: { readonly from: number; readonly to: number }): string {
  return from === to ? `Row ${from} was` : `Rows ${from} to ${to} were`;
}

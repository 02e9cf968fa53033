/**
 * The name of a delivery's entry in the queue: its id and when it is due. An
 * entry's name cannot be used again while it is being handled, so that the
 * next attempt needs another.
 */
export function entryOf(id: string, dueAt: Date): string {
  return `${id}.${dueAt.getTime()}`;
}

/** The delivery that an entry is about; null when it is about none. */
export function deliveryOf(entry: string): string | null {
  return /^([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})(\.\d+)?$/.exec(entry)?.[1] ?? null;
}

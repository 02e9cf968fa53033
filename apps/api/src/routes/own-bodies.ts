/** Routes that read their bodies themselves, once the caller has been let in. */
const OWN_BODIES: ReadonlySet<string> = new Set(['/files', '/jobs', '/predict/async']);

/** The server's `leavesBody`. @param path bare, without query */
export function leavesBody(method: string, path: string): boolean {
  return method === 'POST' && OWN_BODIES.has(path);
}

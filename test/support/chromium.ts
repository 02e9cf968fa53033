import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The browser that is installed here; undefined when there is none. */
export const CHROMIUM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find(existsSync);

export interface ShownPage {
  /** The document as scripts have left it. */
  readonly dom: string;
  /** What the page wrote to its console, and what the browser refused it. */
  readonly console: readonly string[];
}

/** Shows a page in a browser of its own. */
export async function showPage(url: string): Promise<ShownPage> {
  const profile = mkdtempSync(join(tmpdir(), 'clinserve browser '));
  const flags = [
    ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
    ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ...['--enable-logging=stderr', '--v=0', '--virtual-time-budget=20000', '--dump-dom'],
    ...[`--user-data-dir=${profile}`, url],
  ];
  const options = { maxBuffer: 2 ** 26, timeout: 50_000 };
  try {
    const { dom, log } = await new Promise<{ dom: string; log: string }>((resolve, reject) =>
      execFile(CHROMIUM ?? '', flags, options, (error, stdout, stderr) =>
        error === null ? resolve({ dom: stdout, log: stderr }) : reject(error),
      ),
    );
    return { dom, console: log.split('\n').filter((line) => line.includes('CONSOLE')) };
  } finally {
    await sleep(100);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

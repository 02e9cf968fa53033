import { spawn } from 'node:child_process';

/** A phase that failed with a message meant for the user. */
export class PhaseError extends Error {}

/**
 * Runs a command as one line on stderr: `title … 12 s`. Its own output is shown
 * only when it fails. stdout stays free for what the started program writes.
 */
export async function phase(title, file, args, options) {
  const began = performance.now();
  process.stderr.write(`${title} … `);
  const { code, output } = await capture(file, args, options);
  const seconds = Math.max(1, Math.round((performance.now() - began) / 1000));
  if (code === 0) {
    process.stderr.write(`${seconds} s\n`);
    return;
  }
  process.stderr.write(`failed\n`);
  throw new PhaseError(
    `${output.trimEnd()}\n${title}: failed (exit ${code}) — ${[file, ...args].join(' ')}`,
  );
}

function capture(file, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));

    // Without this a SIGTERM would end only us and leave npm or the compiler writing.
    const stop = (signal) => {
      child.kill(signal);
      process.exit(signal === 'SIGINT' ? 130 : 143);
    };
    process.once('SIGINT', stop).once('SIGTERM', stop);

    const settle = (done) => (value) => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      done(value);
    };
    child.once(
      'error',
      settle((error) => reject(new PhaseError(`${file}: ${error.message}`))),
    );
    child.once(
      'close',
      settle((code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() })),
    );
  });
}

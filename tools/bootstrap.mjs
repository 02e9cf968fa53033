// Makes a bare clone runnable, then runs it: node tools/bootstrap.mjs <command>
//   start               install and build what is missing, then start the service
//   build               the same, without starting anything
//   run <file> [args]   the same, then run a compiled tool
//   check               the same, then every check and test
// Needs nothing but Node, since it runs before anything is installed.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from './bootstrap/build.mjs';
import { install } from './bootstrap/install.mjs';
import { PhaseError } from './bootstrap/phase.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const SERVICE = 'dist/apps/api/src/main.js';
const MINIMUM_NODE = [20, 19];

const [command, ...args] = process.argv.slice(2);

try {
  requireNode();
  // Inherited by every child: nobody is told of our use, no CUDA download of 300 MB.
  process.env.SCARF_ANALYTICS = 'false';
  process.env.ORT_DISABLE_TELEMETRY = '1';
  process.env.ONNXRUNTIME_NODE_INSTALL ??= 'skip';

  const target = targetOf(command, args);
  if (process.env.npm_lifecycle_event) followParent();
  await install(root);
  await build(root);
  if (target) await runHere(target.file, target.args);
} catch (error) {
  if (!(error instanceof PhaseError)) throw error;
  process.stderr.write(`${error.message}\n`);
  if (command === 'check') console.log('0 passed, 1 failed');
  process.exit(1);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1])) return;
  throw new PhaseError(
    `Node ${process.versions.node} is too old: install Node ${MINIMUM_NODE.join('.')} or newer.`,
  );
}

function targetOf(name, rest) {
  switch (name) {
    case 'start':
      return { file: SERVICE, args: rest };
    case 'build':
      return null;
    case 'check':
      return { file: 'tools/check.mjs', args: rest };
    case 'run':
      if (rest.length > 0) return { file: rest[0], args: rest.slice(1) };
  }
  throw new PhaseError('usage: node tools/bootstrap.mjs start | build | check | run <file> [args]');
}

/**
 * Runs in this very process, so that a signal reaches the service directly
 * and once from here; no wrapper is left to forward it or to outlive it.
 */
async function runHere(file, rest) {
  const absolute = path.resolve(root, file);
  process.argv = [process.argv[0], absolute, ...rest];
  await import(pathToFileURL(absolute).href);
}

/**
 * npm runs scripts through a shell that may die of SIGTERM without passing it
 * on, which would leave the service behind, holding its port; also while it is
 * still being installed and built.
 */
function followParent() {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  timer.unref();
}

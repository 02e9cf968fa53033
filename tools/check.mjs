// Every check and test, in the order in which they fail cheapest. The static
// stages stop at their first failure; the test suites all run in any case.
// Ends with one line, `N passed, N failed`: tests, plus one for each stage that
// failed without a failing test of its own.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import coverage from 'istanbul-lib-coverage';
import { npmCommand } from './bootstrap/npm.mjs';
import { installTestPrograms } from './test-programs.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const STATIC = [
  { name: 'generated', script: 'generate', args: ['--check'] },
  { name: 'format', script: 'format:check', args: [] },
  { name: 'lint', script: 'lint', args: [] },
  { name: 'types', script: 'types', args: [] },
  { name: 'boundaries', script: 'boundaries', args: [] },
];
const SUITES = ['unit', 'medium', 'e2e'];
const LEAST_COVERED = 80;

const scratch = await mkdtemp(path.join(os.tmpdir(), 'clinserve-check-'));
const times = [];
let passed = 0;
let failed = 0;
let skipped = 0;

try {
  for (const stage of STATIC) {
    if (await timed(stage.name, () => npmRun(stage.script, stage.args))) continue;
    failed += 1;
    break;
  }
  installTestPrograms();
  for (const suite of SUITES) await timed(suite, () => runSuite(suite));
  await checkCoverage();
} finally {
  await rm(scratch, { recursive: true, force: true });
}

console.log(`\n${times.join(', ')}`);
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function timed(name, run) {
  console.log(`\n== ${name}`);
  const began = performance.now();
  const ok = await run();
  times.push(`${name} ${((performance.now() - began) / 1000).toFixed(1)} s${ok ? '' : ' FAILED'}`);
  return ok;
}

async function runSuite(suite) {
  const report = path.join(scratch, `${suite}.json`);
  const ok = await npmRun(`test:${suite}`, ['--json', `--outputFile=${report}`], 'quiet-stdout');
  const result = await readFile(report, 'utf8').then(JSON.parse, () => null);
  // A suite that could not load has no tests to count, yet has failed.
  const failures = (result?.numFailedTests ?? 0) + (result?.numRuntimeErrorTestSuites ?? 0);
  passed += result?.numPassedTests ?? 0;
  skipped += (result?.numPendingTests ?? 0) + (result?.numTodoTests ?? 0);
  // Also an open handle's crash, or no test found.
  failed += failures > 0 || ok ? failures : 1;
  return ok;
}

/** Counts lines that the unit or the medium suite ran in this process; what runs in children is not seen. */
async function checkCoverage() {
  const map = coverage.createCoverageMap({});
  for (const suite of ['unit', 'medium']) {
    const file = path.join(root, 'coverage', suite, 'coverage-final.json');
    map.merge(await readFile(file, 'utf8').then(JSON.parse, () => ({})));
  }
  const { pct } = map.getCoverageSummary().lines;
  console.log(
    `\nlines of libs covered by unit and medium tests: ${pct} %, at least ${LEAST_COVERED}`,
  );
  if (!(pct >= LEAST_COVERED)) failed += 1;
}

/** Jest writes its report for people to stderr, so `--json` on stdout is of no use to anybody. */
function npmRun(script, args, output = 'all') {
  return new Promise((resolve) => {
    const npm = npmCommand();
    const child = spawn(npm.file, [...npm.args, 'run', '--silent', script, '--', ...args], {
      cwd: root,
      shell: npm.shell,
      stdio: ['ignore', output === 'all' ? 'inherit' : 'ignore', 'inherit'],
    });
    const stop = () => {
      child.kill('SIGTERM');
      process.exit(143);
    };
    process.once('SIGTERM', stop);
    child.once('exit', () => process.off('SIGTERM', stop));
    child.once('error', (error) => {
      console.error(`${script}: ${error.message}`);
      resolve(false);
    });
    child.once('close', (code) => resolve(code === 0));
  });
}

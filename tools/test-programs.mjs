// Programs from the system that some tests need: a real browser and a real Redis.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PROGRAMS = [
  { file: '/usr/bin/chromium', package: 'chromium' },
  { file: '/usr/bin/redis-server', package: 'redis-server' },
];

/**
 * Installs what is missing, as root on Debian and its like. Elsewhere, or when
 * that fails, it says what is missing; the tests that need it are skipped.
 */
export function installTestPrograms() {
  const missing = PROGRAMS.filter(({ file }) => !existsSync(file)).map(
    (program) => program.package,
  );
  if (missing.length === 0) return;
  const root = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  const install = ['install', '--yes', '--no-install-recommends', ...missing];
  if (!root) console.log(`Some tests are skipped for want of ${missing.join(' and ')}.`);
  else if (!(apt(['update']) && apt(install))) {
    console.log(`${missing.join(' and ')} could not be installed: some tests are skipped.`);
  }
}

function apt(args) {
  const env = {
    ...process.env,
    DEBIAN_FRONTEND: 'noninteractive',
    // No service is to be started: tests start their own servers.
    RUNLEVEL: '1',
  };
  return spawnSync('apt-get', ['--quiet', ...args], { env, stdio: 'ignore' }).status === 0;
}

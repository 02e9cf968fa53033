import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = process.cwd();
const CONFIG = '.dependency-cruiser.cjs';

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** A small tree that keeps every rule. */
const SOUND: Record<string, string> = {
  'libs/common/src/index.ts': `export * from './ids.js';`,
  'libs/common/src/ids.ts': `export const id = 1;`,
  'libs/common/src/ids.spec.ts': `import './ids.js';`,
  'libs/config/src/index.ts': `export { id } from '@app/common';`,
  'libs/observability/src/index.ts': `export { id } from '@app/common';`,
  'libs/jobs/src/index.ts': `export { id } from '@app/observability';`,
  'libs/auth/src/index.ts': `export const auth = 1;`,
  'libs/webhooks/src/index.ts': `export { id } from '@app/common';`,
  'libs/inference/src/index.ts': `export { id } from '@app/jobs';`,
  'libs/inference/src/testing/fake.ts': `export const fake = 1;`,
  'libs/inference/src/inference.spec.ts': `import './testing/fake.js';`,
  'libs/imaging/src/index.ts': `import '@nestjs/common'; export { id } from '@app/inference';`,
  'apps/api/src/main.ts': `import '@app/config'; import '@app/webhooks'; import '@app/imaging';`,
  'apps/api/src/cat.controller.ts': `import '@app/common';`,
  'apps/worker/src/cat.processor.ts': `import '@app/common';`,
  'tools/bench/main.ts': `import '../../libs/inference/src/testing/fake.js'; import 'autocannon';`,
  'tools/generate.ts': `import '../apps/api/src/main.js'; import '@app/config';`,
};

/** For each rule, files that break it; the first is the culprit. */
const PLANTED: Record<string, Record<string, string>> = {
  'level-0': { 'libs/common/src/planted.ts': `import '@app/jobs';` },
  'level-1': { 'libs/config/src/planted.ts': `import '@app/observability';` },
  'level-2': { 'libs/jobs/src/planted.ts': `import '@app/auth';` },
  'level-3': { 'libs/inference/src/planted.ts': `import '@app/imaging';` },
  'level-4': {
    'libs/imaging/src/planted.ts': `import '@app/documents';`,
    'libs/documents/src/index.ts': `export const page = 1;`,
  },
  'lib-has-a-level': {
    'apps/api/src/planted-unknown-lib.ts': `import '@app/newcomer';`,
    'libs/newcomer/src/index.ts': `export const newcomer = 1;`,
  },
  'no-apps-from-libs': {
    'libs/jobs/src/planted-app.ts': `import '../../../apps/api/src/main.js';`,
  },
  'no-tools-from-apps': { 'apps/api/src/planted-tool.ts': `import '../../../tools/generate.js';` },
  'lib-entry': { 'libs/jobs/src/planted-deep.ts': `import '../../common/src/ids.js';` },
  'lib-entry-from-apps': {
    'apps/api/src/planted-deep.ts': `import '../../../libs/common/src/ids.js';`,
  },
  'lib-by-alias': { 'libs/jobs/src/planted-path.ts': `import '../../common/src/index.js';` },
  'config-only-from-apps': { 'libs/jobs/src/planted-config.ts': `import '@app/config';` },
  'senders-only-from-apps': { 'libs/imaging/src/planted-hook.ts': `import '@app/webhooks';` },
  'controllers-in-api': { 'libs/jobs/src/planted.controller.ts': `import '@app/common';` },
  'processors-in-worker': { 'apps/api/src/planted.processor.ts': `import '@app/common';` },
  'plain-scheduling': { 'libs/inference/src/scheduler/planted.ts': `import '@nestjs/common';` },
  'testing-only-from-tests': {
    'libs/inference/src/planted-fake.ts': `import './testing/fake.js';`,
  },
  'no-specs-imported': { 'libs/common/src/planted-spec.ts': `import './ids.spec.js';` },
  'no-cycle': {
    'libs/common/src/planted-a.ts': `import type {} from './planted-b.js';`,
    'libs/common/src/planted-b.ts': `import './planted-a.js';`,
  },
  resolvable: { 'libs/common/src/planted-nowhere.ts': `import './nowhere.js';` },
  'declared-package': { 'libs/common/src/planted-borrowed.ts': `import 'pino-std-serializers';` },
  'no-dev-package': { 'libs/common/src/planted-dev.ts': `import 'autocannon';` },
};

describe('boundaries', () => {
  let tree: string;

  beforeEach(async () => {
    tree = await mkdtemp(path.join(tmpdir(), 'boundaries-'));
    for (const file of [CONFIG, 'package.json', 'tsconfig.json']) {
      await cp(path.join(root, file), path.join(tree, file));
    }
    await symlink(path.join(root, 'node_modules'), path.join(tree, 'node_modules'));
    await plant(SOUND);
  });

  afterEach(() => rm(tree, { recursive: true, force: true }));

  it('finds nothing in the project itself', async () => {
    expect((await cruise(root)).map(describeViolation)).toEqual([]);
  });

  it('finds nothing in a tree that keeps every rule', async () => {
    expect((await cruise(tree)).map(describeViolation)).toEqual([]);
  });

  it('finds a planted violation of each rule', async () => {
    const config = createRequire(import.meta.url)(path.join(root, CONFIG)) as {
      forbidden: { name: string; severity: string }[];
    };
    const rules = config.forbidden.map((rule) => rule.name);
    expect(Object.keys(PLANTED).sort()).toEqual([...rules].sort());
    expect(config.forbidden.every((rule) => rule.severity === 'error')).toBe(true);

    for (const files of Object.values(PLANTED)) await plant(files);
    const found = (await cruise(tree)).map(({ rule, from }) => `${rule.name}: ${from}`);
    const expected = Object.entries(PLANTED).map(
      ([rule, files]) => `${rule}: ${Object.keys(files)[0] ?? ''}`,
    );
    expect(found).toEqual(expect.arrayContaining(expected));
  });

  async function plant(files: Record<string, string>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(tree, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }
});

function describeViolation({ rule, from, to }: Violation): string {
  return `${rule.name}: ${from} → ${to}`;
}

async function cruise(cwd: string): Promise<readonly Violation[]> {
  const bin = path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [bin, '--config', CONFIG, '--output-type', 'json', 'apps', 'libs', 'tools'];
  const json = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, args, { cwd, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (stdout === '') reject(error ?? new Error(stderr));
      else resolve(stdout);
    });
  });
  return (JSON.parse(json) as { summary: { violations: Violation[] } }).summary.violations;
}

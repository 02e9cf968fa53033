/**
 * The level table of docs/architecture.md as rules. A lib imports only itself
 * and lower levels; level 5, the apps, wires everything together.
 * test/medium/boundaries.spec.ts plants a violation of every rule.
 */
const LEVELS = [
  ['common'],
  [
    'config',
    'observability',
    'database',
    'redis',
    'signals',
    'encryption',
    'audit',
    'queues',
    'deliveries',
  ],
  ['model-registry', 'auth', 'jobs', 'webhooks', 'notifications', 'health'],
  ['inference'],
  ['documents', 'imaging', 'monitoring', 'generation'],
];
const KNOWN_LIBS = LEVELS.flat().join('|');

const SPECS = '[.]spec[.]ts$';
const TESTING = '^libs/[^/]+/src/testing/';

const levelRules = LEVELS.map((libs, level) => ({
  name: `level-${level}`,
  comment: `Level ${level} (${libs.join(', ')}) imports only its own lib and lower levels.`,
  severity: 'error',
  from: { path: `^libs/(${libs.join('|')})/` },
  to: { path: `^libs/(?:${LEVELS.slice(level).flat().join('|')})/`, pathNot: '^libs/$1/' },
}));

module.exports = {
  forbidden: [
    ...levelRules,
    {
      name: 'lib-has-a-level',
      comment: 'Every lib stands in the level table: add it there first.',
      severity: 'error',
      from: {},
      to: { path: '^libs/', pathNot: `^libs/(${KNOWN_LIBS})/` },
    },
    {
      name: 'no-apps-from-libs',
      comment: 'Libs know nothing of apps, tools and tests.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(apps|tools|test)/' },
    },
    {
      name: 'no-tools-from-apps',
      comment: 'The service runs without its tools and tests.',
      severity: 'error',
      from: { path: '^apps/' },
      to: { path: '^(tools|test)/' },
    },
    {
      name: 'lib-entry',
      comment: 'A lib is entered through its src/index.ts only.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index[.]ts$', TESTING] },
    },
    {
      name: 'lib-entry-from-apps',
      comment: 'A lib is entered through its src/index.ts only.',
      severity: 'error',
      from: { path: '^(apps|tools)/' },
      to: { path: '^libs/', pathNot: ['^libs/[^/]+/src/index[.]ts$', TESTING] },
    },
    {
      name: 'lib-by-alias',
      comment: 'A lib is named @app/<lib>, never by a relative path.',
      severity: 'error',
      from: { path: '^(?:libs|apps|tools)/([^/]+)' },
      to: {
        path: '^libs/[^/]+/src/index[.]ts$',
        pathNot: '^libs/$1/',
        dependencyTypesNot: ['aliased'],
      },
    },
    {
      name: 'config-only-from-apps',
      comment: 'Libs take options; only apps and tools read the configuration.',
      severity: 'error',
      from: { path: '^libs/', pathNot: '^libs/config/' },
      to: { path: '^libs/config/' },
    },
    {
      name: 'senders-only-from-apps',
      comment: 'Others write a delivery intent; apps load webhooks and notifications.',
      severity: 'error',
      from: { path: '^(libs|tools)/', pathNot: '^libs/(webhooks|notifications)/' },
      to: { path: '^libs/(webhooks|notifications)/' },
    },
    {
      name: 'controllers-in-api',
      comment: 'Controllers live in apps/api only.',
      severity: 'error',
      from: { path: '[.]controller[.]ts$', pathNot: '^apps/api/' },
      to: {},
    },
    {
      name: 'processors-in-worker',
      comment:
        'Processors live in apps/worker only: the queue starts a worker for every one it sees.',
      severity: 'error',
      from: { path: '[.]processor[.]ts$', pathNot: '^apps/worker/' },
      to: {},
    },
    {
      name: 'plain-scheduling',
      comment: 'Scheduler, batcher and runtime are plain TypeScript, ignorant of Nest.',
      severity: 'error',
      from: { path: '^libs/inference/src/(scheduler|batcher|runtime)/' },
      to: { path: '(^|/)@nestjs/' },
    },
    {
      name: 'testing-only-from-tests',
      comment: 'Fakes serve tests and benchmarks, never the service.',
      severity: 'error',
      from: { path: '^(apps|libs|tools)/', pathNot: [SPECS, TESTING, '^tools/bench/'] },
      to: { path: TESTING },
    },
    {
      name: 'no-specs-imported',
      comment: 'A spec is nobody’s dependency.',
      severity: 'error',
      from: {},
      to: { path: SPECS },
    },
    {
      name: 'no-cycle',
      comment: 'A cycle means two concepts in the wrong files.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere, or a package that is not installed.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-package',
      comment: 'A package is named in package.json, not borrowed from another one’s dependencies.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-dev-package',
      comment: 'What runs in production is a dependency, not a devDependency.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: [SPECS, TESTING] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};

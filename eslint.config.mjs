import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Only libs/config knows the environment; everything else takes options. */
const noEnvironment = {
  'no-restricted-properties': [
    'error',
    {
      object: 'process',
      property: 'env',
      message:
        'Only libs/config reads the environment: take options, or call loadConfig() in an app.',
    },
  ],
  'no-restricted-imports': [
    'error',
    ...['process', 'node:process'].map((name) => ({
      name,
      importNames: ['env'],
      message: 'Only libs/config reads the environment.',
    })),
  ],
};

const forwardRef = {
  selector: 'CallExpression[callee.name="forwardRef"]',
  message: 'forwardRef crashes under ES modules: break the cycle instead.',
};
const controller = {
  selector:
    'Decorator[expression.callee.name="Controller"], Decorator[expression.name="Controller"]',
  message: 'Controllers live in apps/api only.',
};
const processor = {
  selector: 'Decorator[expression.callee.name="Processor"], Decorator[expression.name="Processor"]',
  message: 'Processors live in apps/worker only: the queue starts a worker for every one it sees.',
};

export default defineConfig(
  globalIgnores(['dist*/', 'coverage/', 'data/', 'models/', 'apps/console/', 'deploy/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      ...noEnvironment,
      'no-restricted-syntax': ['error', forwardRef, controller, processor],
      'max-lines': ['error', 400],
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'separate-type-imports' },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Nest modules are empty classes that carry a decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // `signal.reason` is thrown as it came.
      '@typescript-eslint/only-throw-error': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Nest types its option objects as classes.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // An interface may demand a promise of a method that has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    files: ['libs/config/**/*.ts'],
    rules: { 'no-restricted-properties': 'off', 'no-restricted-imports': 'off' },
  },
  {
    files: ['apps/api/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', forwardRef, processor] },
  },
  {
    files: ['apps/worker/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', forwardRef, controller] },
  },
  {
    // Command-line tools print.
    files: ['tools/**/*.ts', 'test/load/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts', 'libs/*/src/testing/**/*.ts'],
    rules: {
      'no-console': 'off',
      'no-restricted-properties': 'off',
      // Tests declare small controllers of their own.
      'no-restricted-syntax': ['error', forwardRef],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
    },
  },

  {
    // Plain JavaScript is linted without types: it has none, and must not slow the rest.
    files: ['**/*.{mjs,cjs,js}'],
    extends: [tseslint.configs.recommended, tseslint.configs.disableTypeChecked],
    rules: {
      'max-lines': ['error', 400],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-undef': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
);

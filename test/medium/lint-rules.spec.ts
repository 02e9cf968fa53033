import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** [file, text, rule that must fire, or null when the text is allowed there] */
const CASES: readonly (readonly [string, string, string | null])[] = [
  ['libs/jobs/src/planted.ts', 'export const p = process.env.PORT;', 'no-restricted-properties'],
  ['apps/api/src/planted.ts', 'export const { env } = process;', 'no-restricted-properties'],
  [
    'tools/planted.ts',
    `import { env } from 'node:process'; export const e = env;`,
    'no-restricted-imports',
  ],
  ['libs/config/src/planted.ts', 'export const p = process.env.PORT;', null],
  ['libs/jobs/src/planted.ts', '@Controller("x") export class X {}', 'no-restricted-syntax'],
  ['apps/worker/src/planted.ts', '@Controller() export class X {}', 'no-restricted-syntax'],
  ['apps/api/src/planted.ts', '@Controller() export class X {}', null],
  ['apps/api/src/planted.ts', '@Processor("q") export class X {}', 'no-restricted-syntax'],
  ['apps/worker/src/planted.ts', '@Processor("q") export class X {}', null],
  ['libs/jobs/src/planted.ts', 'forwardRef(() => 1);', 'no-restricted-syntax'],
  ['libs/jobs/src/planted.ts', 'export let x: any;', '@typescript-eslint/no-explicit-any'],
  ['libs/jobs/src/planted.ts', 'f()!.x();', '@typescript-eslint/no-non-null-assertion'],
  ['libs/jobs/src/planted.spec.ts', 'f()!.x();', null],
  ['libs/jobs/src/planted.ts', '@Module({}) export class X {}', null],
  ['libs/jobs/src/planted.ts', 'f();\n'.repeat(401), 'max-lines'],
];

// The files exist only here, so rules that need types are left out.
const LINT = `
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
const untyped = { files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked };
const eslint = new ESLint({ overrideConfig: [untyped] });
const found = [];
for (const [filePath, text] of JSON.parse(process.argv[1])) {
  const [result] = await eslint.lintText(text, { filePath });
  found.push(result.messages.map((message) => message.ruleId ?? message.message));
}
console.log(JSON.stringify(found));
`;

describe('lint rules', () => {
  it('find planted violations, and only those', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      LINT,
      JSON.stringify(CASES),
    ]);
    const found = JSON.parse(stdout) as string[][];
    expect(found.map((rules, i) => [CASES[i]![0], CASES[i]![1], rules])).toEqual(
      CASES.map(([file, text, rule]) => [file, text, rule === null ? [] : [rule]]),
    );
  });
});

import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * Rules that find defects; layout is nobody's business here. Types are checked by tsc, layers by dependency-cruiser,
 * dead code by knip.
 */
export default defineConfig(
  globalIgnores(['dist/', 'out/', 'coverage/', 'node_modules/', 'test/fixtures/', 'examples/', '.vscode-test/', '**/*.d.ts']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { project: ['./tsconfig.json', './webview/tsconfig.json', './test/fixtures/webview-harness/tsconfig.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': true, 'ts-ignore': true, 'ts-nocheck': true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-base-to-string': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-for-in-array': 'error',
      '@typescript-eslint/no-implied-eval': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-misused-spread': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/require-array-sort-compare': ['error', { ignoreStringArrays: true }],
      '@typescript-eslint/restrict-plus-operands': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/unbound-method': 'error',
    },
  },
  {
    files: ['**/*.{ts,tsx,mjs,cjs,js}'],
    rules: {
      'array-callback-return': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-async-promise-executor': 'error',
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-debugger': 'error',
      'no-eval': 'error',
      'no-new-func': 'error',
      'no-param-reassign': 'error',
      'no-promise-executor-return': 'off',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'off',
      'no-unsafe-finally': 'error',
      'no-unsafe-optional-chaining': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  {
    // Messages make links of what stands in them, also of commands: src/extension/messages.ts shows texts as they are.
    files: ['src/extension/**'],
    ignores: ['src/extension/messages.ts', 'src/extension/questions.ts'],
    rules: {
      'no-restricted-syntax': ['error', { selector: "MemberExpression[object.property.name='window'][property.name=/^show(Information|Warning|Error)Message$/]", message: 'Take showInformation, showWarning or showFailure of src/extension/messages.ts.' },
        // Pickers that a webview would take the focus from: src/extension/questions.ts keeps them open.
        { selector: "MemberExpression[object.property.name='window'][property.name=/^(showQuickPick|createQuickPick|showInputBox)$/]", message: 'Take it from src/extension/questions.ts.' }],
    },
  },
  {
    // Only commands and tests talk to the terminal.
    files: ['src/core/**', 'src/node/**', 'src/engine/**', 'src/protocol/**', 'src/extension/**', 'webview/**'],
    rules: { 'no-console': 'error' },
  },
);

import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['build', 'dist', 'node_modules', 'prebuilds'] },
  {
    files: ['**/*.{ts,mts}'],
    extends: [eslint.configs.recommended, tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    files: ['test/**/*.{ts,mts}'],
    rules: {
      // node:test keeps track of what test() returns.
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', name: ['test', 'suite'], package: 'node:test' }] },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['test/{integration,fault}/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            ['node:events', 'once', 'within'],
            ['node:stream/consumers', 'buffer', 'within'],
            ['node:stream/consumers', 'text', 'within'],
            ['node:test', 'test', 'test'],
          ].map(([name, importName, helper]) => ({
            name,
            importNames: [importName],
            message: `The one of test/helpers/${helper}.js has a deadline.`,
          })),
        },
      ],
    },
  },
);

import js from '@eslint/js'
import {defineConfig, globalIgnores} from 'eslint/config'
import tseslint from 'typescript-eslint'
import {plugin as agnes} from './lint/plugin.js'

const ownRules = Object.fromEntries(
  Object.keys(agnes.rules).map((name) => [`agnes/${name}`, 'error']),
)

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'test/fixtures/', 'templates/', 'hooks/']),
  {linterOptions: {reportUnusedDisableDirectives: 'error'}},
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    rules: {
      '@typescript-eslint/no-unused-vars': [
        'error',
        {argsIgnorePattern: '^_', varsIgnorePattern: '^_'},
      ],
      '@typescript-eslint/consistent-type-imports': ['error', {fixStyle: 'inline-type-imports'}],
    },
  },
  {
    files: ['**/*.{js,cjs}'],
    languageOptions: {
      globals: {
        require: 'readonly',
        __filename: 'readonly',
        console: 'readonly',
        process: 'readonly',
        performance: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        AbortController: 'readonly',
        AbortSignal: 'readonly',
      },
    },
  },
  {
    plugins: {agnes},
    rules: {
      ...ownRules,
      // Answered by agnes/no-empty-catch, which knows a chain of attempts.
      'no-empty': ['error', {allowEmptyCatch: true}],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', {max: 300}],
      'max-lines-per-function': ['error', {max: 60, skipComments: true}],
      'max-params': ['error', 4],
    },
  },
  {files: ['src/commands/**/*.ts'], rules: {'max-lines': ['error', {max: 150}]}},
  // `any` is how a test reads JSON it then checks field by field.
  {files: ['test/**/*.ts'], rules: {'@typescript-eslint/no-explicit-any': 'off'}},
)

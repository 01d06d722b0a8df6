import neostandard from 'neostandard'
import tseslint from 'typescript-eslint'

const typed = {
  files: ['**/*.ts'],
  plugins: { '@typescript-eslint': tseslint.plugin },
  languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
  rules: {
    '@typescript-eslint/no-explicit-any': 'error',
    '@typescript-eslint/no-floating-promises': ['error', {
      // tap itself waits for its subtests, and they never reject.
      allowForKnownSafePromises: [{ from: 'package', package: '@tapjs/core', name: 'PromiseWithSubtest' }]
    }],
    '@typescript-eslint/no-misused-promises': 'error',
    '@typescript-eslint/await-thenable': 'error',
    // How a promise is said to be left running on purpose.
    'no-void': ['error', { allowAsStatement: true }],
    '@typescript-eslint/consistent-type-imports': 'error',
    '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }]
  }
}

/** A line that is longer wants a name for a part of it. Texts are as long as they are. */
const length = {
  files: ['**/*.ts'],
  rules: {
    '@stylistic/max-len': ['error', {
      code: 140, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true, ignoreComments: true, ignoreUrls: true
    }]
  }
}

export default [
  ...neostandard({ ts: true, ignores: ['dist/**', '.tap/**', '.sandbox/**', 'coverage/**'] }),
  typed,
  length
]

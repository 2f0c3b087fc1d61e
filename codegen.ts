import type { CodegenConfig } from '@graphql-codegen/cli'

const types = {
  enumsAsTypes: true,
  useTypeImports: true,
  strictScalars: true,
  scalars: { ID: 'string', DateTime: 'string', JSON: 'unknown', SafeInt: 'number' },
}

/** Generates typed documents, as clients of the API do: for the contract tests and for the web app. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  generates: {
    'tests/contract/generated/': {
      documents: 'tests/contract/operations/*.graphql',
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: types,
    },
    'web/src/graphql/generated/': {
      documents: 'web/src/**/*.graphql',
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      // Texts, so that the page parses and prints no documents.
      config: { ...types, documentMode: 'string' },
    },
  },
  importExtension: '.ts',
}

export default config

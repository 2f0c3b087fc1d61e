import type { CodegenConfig } from '@graphql-codegen/cli'

/** Generates typed documents for the operations of the contract tests, as a client of the API would. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: 'tests/contract/operations/*.graphql',
  generates: {
    'tests/contract/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: { ID: 'string', DateTime: 'string', JSON: 'unknown', SafeInt: 'number' },
      },
    },
  },
  importExtension: '.ts',
}

export default config

import { join } from 'node:path'
import type { CodegenConfig } from '@graphql-codegen/cli'
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset'

/** Writes persisted-documents.json, for an application that sends the ids of its documents. */
const config: CodegenConfig = {
  schema: join(import.meta.dirname, '../../../schema.graphql'),
  generates: {
    [join(import.meta.dirname, '__generated__/')]: {
      documents: join(import.meta.dirname, 'operations.graphql'),
      preset: 'client',
      presetConfig: { fragmentMasking: false, persistedDocuments: true },
      config: {
        useTypeImports: true,
        scalars: { ID: 'string', DateTime: 'string', JSON: 'unknown', SafeInt: 'number' },
      },
      // The caches of Apollo Client and urql need it, and cannot add it to a document that the server has.
      documentTransforms: [addTypenameSelectionDocumentTransform],
    },
  },
  importExtension: '.ts',
}

export default config

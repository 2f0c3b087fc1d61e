import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { defineSetting } from '../setting-definition.ts'
import { booleanSchema, strictObject } from '../value-schemas.ts'

const fileError = 'Must be the path of a file.'

/** `persistedDocuments` in config.json. */
const persistedDocumentsSchema = strictObject('an object with file', {
  /** The documents by their ids, as code generators write them. */
  file: z.string({ error: fileError }).min(1, { error: fileError }),
  /** Whether all other documents are refused. */
  only: booleanSchema.default(false),
})

export const persistedDocumentsSetting = defineSetting<z.output<typeof persistedDocumentsSchema>, null>({
  key: 'persistedDocuments',
  scope: 'server',
  default: null,
  defaultText: 'none',
  description:
    'Trusted documents, by their ids: `file` is the persisted-documents.json of a code generator, `only` refuses all others.',
  schema: persistedDocumentsSchema,
})

/** The documents that the operator trusts. */
export interface TrustedDocuments {
  /** By their ids, without the prefix `sha256:`. */
  readonly documents: ReadonlyMap<string, string>
  /** Whether all other documents are refused. */
  readonly only: boolean
}

export const noTrustedDocuments: TrustedDocuments = { documents: new Map(), only: false }

/** Reads the documents of a file, such as the `persisted-documents.json` of GraphQL Code Generator. Null if it is invalid. */
export function readTrustedDocuments(path: string): ReadonlyMap<string, string> | null {
  try {
    const documents = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(path, 'utf8')))
    return new Map(Object.entries(documents).map(([id, text]) => [id.replace(/^sha256:/, ''), text]))
  } catch {
    return null
  }
}

import { z } from 'zod'

/** An object of any members. zod's own schema of records takes long for many of them. */
const membersSchema = z.custom<Record<string, unknown>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
)

const graphqlParamsSchema = z.object({
  query: z.string().nullish(),
  documentId: z.string().nullish(),
  variables: membersSchema.nullish(),
  operationName: z.string().nullish(),
  extensions: membersSchema.nullish(),
})

/** The names of the parameters. A request with others is invalid. */
export const graphqlParamNames: ReadonlySet<string> = new Set(Object.keys(graphqlParamsSchema.shape))

/** What a client asks the server to execute: the parameters of GraphQL over HTTP. */
export interface GraphQLParams {
  /** The document. Empty or absent if it is named by `documentId` or `extensions.persistedQuery`. */
  readonly query?: string | null | undefined
  /** The id of a trusted document. */
  readonly documentId?: string | null | undefined
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
  /** Empty or absent if the document has a single operation. */
  readonly operationName?: string | null | undefined
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined
}

/** What a client asks the server to execute, from the parameters of its request. Null if they are invalid. */
export function parseGraphQLParams(value: unknown): GraphQLParams | null {
  const params = graphqlParamsSchema.safeParse(value).data
  return params && (typeof params.query === 'string' || findDocumentId(params) !== null) ? params : null
}

const persistedQuerySchema = z.object({ persistedQuery: z.object({ sha256Hash: z.string() }) })

/** The id of the document of a request without `query`, in either form, without the prefix `sha256:`; null if it has none. */
export function findDocumentId(params: GraphQLParams): string | null {
  return params.documentId?.replace(/^sha256:/, '') ?? findPersistedQueryHash(params)
}

/** The hash in `extensions.persistedQuery`, without the prefix `sha256:`; null if there is none. */
export function findPersistedQueryHash({ extensions }: GraphQLParams): string | null {
  if (!extensions) return null
  const { data } = persistedQuerySchema.safeParse(extensions)
  return data?.persistedQuery.sha256Hash.replace(/^sha256:/, '') ?? null
}

/** Whether the response is to tell the cost of the operation: `extensions: { "cost": true }`. */
export function asksForCost({ extensions }: GraphQLParams): boolean {
  return extensions?.['cost'] === true
}

import { z } from 'zod'
import type { GraphQLParams } from './prepare-operation.ts'

const graphqlParamsSchema = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
})

/** What a client asks the server to execute, from the parameters of its request. Null if they are invalid. */
export function parseGraphQLParams(value: unknown): GraphQLParams | null {
  return graphqlParamsSchema.safeParse(value).data ?? null
}

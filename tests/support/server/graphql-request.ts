import { z } from 'zod'

const resultSchema = z.object({
  data: z.unknown(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.record(z.string(), z.unknown()).optional() }))
    .optional(),
})

export type GraphQLResult = z.infer<typeof resultSchema>

export interface GraphQLOperation {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
}

/** Sends an operation over HTTP and returns its result, with or without errors. */
export async function request(url: string, { query, variables = {} }: GraphQLOperation): Promise<GraphQLResult> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
  return resultSchema.parse(await response.json())
}

/** Sends an operation over HTTP and returns its data, parsed by the schema. Rejects if the result has errors. */
export async function ask<T>(url: string, schema: z.ZodType<T>, operation: GraphQLOperation): Promise<T> {
  const { data, errors } = await request(url, operation)
  if (errors) throw new Error(errors.map(({ message }) => message).join('\n'))
  return schema.parse(data)
}

import { z } from 'zod'
import { parseJsonWithExactNumbersOrNull, stringifyJson } from '../../lib/text/json.ts'

const subscribeMessageSchema = z.looseObject({
  type: z.literal('subscribe'),
  payload: z.looseObject({ query: z.null().optional() }),
})

/**
 * Adds an empty `query` to a subscribe message that names its document by an id or a hash. The protocol demands a query;
 * clients of persisted documents leave it out.
 */
export function addMissingQuery(message: string): string {
  if (!/"(documentId|persistedQuery)"/.test(message)) return message
  const { data } = subscribeMessageSchema.safeParse(parseJsonWithExactNumbersOrNull(message))
  return data ? stringifyJson({ ...data, payload: { ...data.payload, query: '' } }) : message
}

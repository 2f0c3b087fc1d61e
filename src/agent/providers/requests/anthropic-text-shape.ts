import { z } from 'zod'
import { parseJsonWithExactNumbersOrNull, stringifyJson } from '../../../lib/text/json.ts'

/** A list with one block that is text and nothing else: a block with `cache_control` or citations stays a block. */
const singlePlainTextSchema = z.tuple([z.strictObject({ type: z.literal('text'), text: z.string() })])
// Records keep the order of their keys.
const recordSchema = z.record(z.string(), z.unknown())
const messageListSchema = z.array(recordSchema)

/**
 * Wraps `fetch` for requests in Anthropic's format: where a system prompt or a message is one plain text, it is sent as a string.
 * The API takes both forms. Gateways whose dialect says so pass a list on to servers that take only strings.
 */
export function createAnthropicTextShapingFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) =>
    typeof init?.body === 'string'
      ? fetch(input, { ...init, body: shapeAnthropicTexts(init.body) })
      : fetch(input, init)
}

/** `body` is JSON, and is returned as it is if it is no request. */
function shapeAnthropicTexts(body: string): string {
  const request = recordSchema.safeParse(parseJsonWithExactNumbersOrNull(body)).data
  const messages = messageListSchema.safeParse(request?.['messages']).data
  if (!request || !messages) return body
  for (const message of messages) message['content'] = toStringIfPlain(message['content'])
  return stringifyJson({ ...request, system: toStringIfPlain(request['system']), messages })
}

function toStringIfPlain(content: unknown): unknown {
  return singlePlainTextSchema.safeParse(content).data?.[0].text ?? content
}

import type { ModelMessage } from 'ai'
import { z } from 'zod'
import type { Json } from '../../lib/text/json.ts'

/** Converts messages for a model to plain JSON, as the HTTP request to the provider does. */
export function modelMessagesToJson(messages: readonly ModelMessage[]): Json {
  return z.json().parse(JSON.parse(JSON.stringify(messages)))
}

import type { ModelMessage } from 'ai'
import { type Json, parseJson } from '../../lib/text/json.ts'

/** Converts messages for a model to plain JSON, as the HTTP request to the provider does. */
export function modelMessagesToJson(messages: readonly ModelMessage[]): Json {
  return parseJson(JSON.stringify(messages)) ?? null
}

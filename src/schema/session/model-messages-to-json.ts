import type { ModelMessage } from 'ai'
import { type Json, parseJson } from '../../lib/text/json.ts'

/** Stands in place of what only the provider can read. */
const omittedState = { omitted: 'provider state' }

/** Converts messages for a model to plain JSON, as the HTTP request to the provider does, without state of the provider. */
export function modelMessagesToJson(messages: readonly ModelMessage[]): Json {
  const visible = messages.map((message) => ({
    ...omitState(message),
    content: typeof message.content === 'string' ? message.content : message.content.map((part) => omitState(part)),
  }))
  return parseJson(JSON.stringify(visible)) ?? null
}

function omitState(value: object): object {
  return 'providerOptions' in value ? { ...value, providerOptions: omittedState } : value
}

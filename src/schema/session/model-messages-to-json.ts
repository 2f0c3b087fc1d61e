import type { ModelMessage } from 'ai'
import { type Json, parseJson } from '../../lib/text/json.ts'

/** Stands in place of what only the provider can read. */
const omittedState = { omitted: 'provider state' }

/**
 * Converts messages for a model to plain JSON, one by one, as the HTTP request to the provider does, without state of the
 * provider.
 */
export function* modelMessagesToJson(messages: readonly ModelMessage[]): Generator<Json, void, void> {
  for (const message of messages) {
    const { content } = message
    const visible = typeof content === 'string' ? content : content.map((part) => omitState(part))
    yield parseJson(JSON.stringify({ ...omitState(message), content: visible })) ?? null
  }
}

function omitState(value: object): object {
  return 'providerOptions' in value ? { ...value, providerOptions: omittedState } : value
}

import type { ModelMessage } from 'ai'
import { z } from 'zod'
import type { Json } from '../../lib/json.ts'

/** Messages for a model as plain JSON: what goes over the wire, typed as such. */
export function modelMessagesToJson(messages: readonly ModelMessage[]): Json {
  return z.json().parse(JSON.parse(JSON.stringify(messages)))
}

import { schemaBuilder } from '../schema-builder.ts'

/** Describes the argument or input field `key` of a mutation. */
export const idempotencyKeyDescription =
  'An idempotency key chosen by the client: 1 to 200 characters, unique in the profile. A repeated call with the same key and the same arguments changes nothing and returns the result of the first one; with other arguments, or for another field, the error is IDEMPOTENCY_MISMATCH. Default: the header Idempotency-Key of the HTTP request, or over WebSocket the id of the subscribe message if it is a UUID.'

/** The argument `key` of a mutation that has no input field for it. */
export const idempotencyKeyArgs = schemaBuilder.args((t) => ({
  key: t.string({ description: idempotencyKeyDescription }),
}))

import { z } from 'zod'

const requestSchema = z.looseObject({ method: z.literal('elicitation/create'), params: z.looseObject({}).nullish() })

/** A response of the protocol version 2026-07-28 that asks for something before there is a result. */
const inputRequiredSchema = z.looseObject({
  result: z.looseObject({ resultType: z.literal('input_required'), inputRequests: z.record(z.string(), z.unknown()) }),
})

/** The name under which a normalised question keeps its own parameters. */
export const elicitationParamsKey = 'segue/params'

/**
 * Brings the questions to the user in a message to the form that the AI SDK's client accepts: it knows forms of an object
 * only, and fails the call of a server that asks otherwise. The parameters of the server are kept under `segue/params`. Any
 * other message is returned as it is.
 */
export function normalizeElicitations(message: unknown): unknown {
  const parsed = inputRequiredSchema.safeParse(message)
  if (!parsed.success) return normalizeRequest(message)
  const { result } = parsed.data
  const inputRequests = Object.entries(result.inputRequests).map(([key, request]) => [key, normalizeRequest(request)])
  return { ...parsed.data, result: { ...result, inputRequests: Object.fromEntries(inputRequests) } }
}

function normalizeRequest(request: unknown): unknown {
  const parsed = requestSchema.safeParse(request)
  if (!parsed.success) return request
  const { params, ...rest } = parsed.data
  const normalized = { message: '', requestedSchema: { type: 'object' }, [elicitationParamsKey]: params ?? {} }
  return { ...rest, params: normalized }
}

import type { ExecutionResult, GraphQLError } from 'graphql'
import { encodeJsonInSteps, isSmallJson } from '../../../lib/json-output/encode-json-in-steps.ts'

/** Writes a result. A large one is written in steps, so that others proceed in between, as UTF-8 in pieces. */
export async function encodeResult(result: ExecutionResult): Promise<string | readonly Buffer[]> {
  const writable = { ...result, ...(result.errors && { errors: result.errors.map(omitHttpExtension) }) }
  if (isSmallJson(result.data)) return JSON.stringify(writable)
  const others = JSON.stringify({ ...writable, data: undefined })
  const end = `${others === '{}' ? '' : ','}${others.slice(1)}`
  return [Buffer.from('{"data":'), ...(await Array.fromAsync(encodeJsonInSteps(result.data))), Buffer.from(end)]
}

/** An error as clients receive it, without what is meant for the HTTP response. */
export function omitHttpExtension(error: GraphQLError): object {
  const { http: _, ...extensions } = error.extensions
  return { ...error.toJSON(), extensions }
}

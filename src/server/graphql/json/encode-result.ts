import type { ExecutionResult, GraphQLError } from 'graphql'
import { encodeJsonInSteps, isSmallJson } from '../../../lib/json-output/encode-json-in-steps.ts'

/** A result whose errors can be written as they are. */
type WritableResult = Pick<ExecutionResult, 'data'> & { readonly errors?: readonly object[] }

/** Writes a result. A large one is written in steps, so that others proceed in between, as UTF-8 in pieces. */
export function encodeResult(result: ExecutionResult): string | Promise<readonly Buffer[]> {
  const writable = result.errors ? { ...result, errors: result.errors.map(omitHttpExtension) } : result
  return isSmallJson(result.data) ? JSON.stringify(writable) : encodeInSteps(writable)
}

async function encodeInSteps(writable: WritableResult): Promise<readonly Buffer[]> {
  const others = JSON.stringify({ ...writable, data: undefined })
  const end = `${others === '{}' ? '' : ','}${others.slice(1)}`
  return [Buffer.from('{"data":'), ...(await Array.fromAsync(encodeJsonInSteps(writable.data))), Buffer.from(end)]
}

/** An error as clients receive it, without what is meant for the HTTP response. */
export function omitHttpExtension(error: GraphQLError): object {
  const { http: _, ...extensions } = error.extensions
  return { ...error.toJSON(), extensions }
}

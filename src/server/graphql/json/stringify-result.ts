import type { GraphQLError } from 'graphql'
import { isSmallJson, stringifyYielding } from '../../../lib/json-output/stringify-in-steps.ts'

/** A result of an operation whose errors can be written as they are. */
export interface WritableResult {
  readonly data?: unknown
  readonly errors?: readonly object[]
  readonly extensions?: object
}

/** Writes a result. The data of a large one is written in steps, so that others proceed in between. */
export async function stringifyResult(result: WritableResult): Promise<string> {
  if (isSmallJson(result.data)) return JSON.stringify(result)
  return joinDataAndOthers(await stringifyYielding(result.data), result)
}

/** The text of a result whose data is written already. */
export function joinDataAndOthers(data: string, result: WritableResult): string {
  const others = JSON.stringify({ ...result, data: undefined })
  return `{"data":${data}${others === '{}' ? '' : ','}${others.slice(1)}`
}

/** An error as clients receive it, without what is meant for the HTTP response. */
export function omitHttpExtension(error: GraphQLError): object {
  const { http: _, ...extensions } = error.extensions
  return { ...error.toJSON(), extensions }
}

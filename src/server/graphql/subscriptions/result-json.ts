import type { ExecutionResult } from 'graphql'
import { isSmallJson } from '../../../lib/json-output/stringify-in-steps.ts'

const jsonByResult = new WeakMap<ExecutionResult, Buffer | null>()

/**
 * The JSON of a result that several subscribers receive, which is written once. Null for one that is to be written in steps,
 * and for one with errors, which each subscriber handles by itself.
 */
export function toSharedJson(result: ExecutionResult): Buffer | null {
  let json = jsonByResult.get(result)
  if (json === undefined) {
    json = result.errors || !isSmallJson(result) ? null : Buffer.from(JSON.stringify(result))
    jsonByResult.set(result, json)
  }
  return json
}

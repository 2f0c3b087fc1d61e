import type { ExecutionResult } from 'graphql'
import { isSmallJson } from '../../../lib/json-output/encode-json-in-steps.ts'

/** A larger one is sent in chunks, so that it shows whether a consumer that is slow makes progress. */
const maxSharedBytes = 65_536

const jsonByResult = new WeakMap<ExecutionResult, Buffer | null>()

/**
 * The JSON of a result that several subscribers receive, which is written once. Null for a large one, and for one with
 * errors, which each subscriber handles by itself.
 */
export function toSharedJson(result: ExecutionResult): Buffer | null {
  let json = jsonByResult.get(result)
  if (json === undefined) {
    json = result.errors || !isSmallJson(result) ? null : writeShared(result)
    jsonByResult.set(result, json)
  }
  return json
}

function writeShared(result: ExecutionResult): Buffer | null {
  const json = Buffer.from(JSON.stringify(result))
  return json.length <= maxSharedBytes ? json : null
}

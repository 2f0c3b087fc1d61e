import { isJsonObject, parseJson, stringifyJson } from '../../lib/text/json.ts'

export interface ParsedHermesToolCall {
  readonly id: string | null
  /** The ids by which the call's result may name it: models of OpenAI's Responses API have two. */
  readonly resultIds: readonly string[]
  readonly name: string
  readonly argumentsText: string
}

/** The calls in a cell of `tool_calls`, a JSON list in OpenAI's format. Anything else contains none. */
export function parseHermesToolCalls(toolCalls: unknown): ParsedHermesToolCall[] {
  const list = typeof toolCalls === 'string' ? parseJson(toolCalls) : undefined
  if (!Array.isArray(list)) return []
  return list.filter(isJsonObject).map((call) => {
    const target = isJsonObject(call.function) ? call.function : call
    const resultIds = [call.id, call.call_id].filter((id) => typeof id === 'string')
    return {
      id: resultIds[0] ?? null,
      resultIds: [...new Set(resultIds)],
      name: typeof target.name === 'string' ? target.name : 'unknown',
      argumentsText: typeof target.arguments === 'string' ? target.arguments : stringifyJson(target.arguments ?? {}),
    }
  })
}

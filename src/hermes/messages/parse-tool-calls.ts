import { isObject, parseJson } from '../../lib/json.ts'

export interface StoredCall {
  readonly id: string | null
  readonly name: string
  readonly argumentsText: string
}

/** The calls of a row's `tool_calls`: a list in OpenAI's form. What is no list holds none. */
export function storedCalls(toolCalls: unknown): StoredCall[] {
  const list = typeof toolCalls === 'string' ? parseJson(toolCalls) : undefined
  if (!Array.isArray(list)) return []
  return list.filter(isObject).map((call) => {
    const target = isObject(call.function) ? call.function : call
    return {
      id: typeof call.id === 'string' ? call.id : null,
      name: typeof target.name === 'string' ? target.name : 'unknown',
      argumentsText: typeof target.arguments === 'string' ? target.arguments : JSON.stringify(target.arguments ?? {}),
    }
  })
}

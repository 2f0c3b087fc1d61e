import { ToolArgumentsReader } from '../tool-arguments-reader.ts'
import { toUnknownRecord, coerceToIndex, coerceToText, pickFields, type UnknownRecord } from '../response-values.ts'
import type { ToolCallPiece } from './chat-completion-piece.ts'

interface AssembledToolCall {
  readonly index: number
  readonly wireIndex: number | null
  readonly wireId: string
  /** Unique among the calls of the response. */
  readonly id: string
  name: string
  readonly arguments: ToolArgumentsReader
}

/** The name of a call that came without one: no tool has it, so that the model is told. */
const placeholderName = 'unnamed'

/** A tool call in a delta, as it was sent. */
interface ToolCallDelta {
  readonly wireIndex: number | null
  readonly wireId: string
  readonly name: string
  readonly arguments: unknown
}

/**
 * Finds out which tool call each piece in a stream of chat completions belongs to, and gives every call an index and an id
 * of its own. Servers leave out the index, send 0 for all calls, use one id twice, send a new id with each piece or none,
 * and repeat the name.
 */
export class ToolCallAssembler {
  readonly #calls: AssembledToolCall[] = []
  readonly #stateFields: readonly string[]

  /** `stateFields` are fields of a call that are passed on as they are. */
  constructor(stateFields: readonly string[]) {
    this.#stateFields = stateFields
  }

  get hasCalls(): boolean {
    return this.#calls.length > 0
  }

  /** Whether every call has a name and complete arguments. */
  get areCallsComplete(): boolean {
    return this.#calls.every((call) => call.name !== '' && call.arguments.isComplete)
  }

  /** Converts one item of `tool_calls`. */
  push(item: unknown): ToolCallPiece {
    const fields = toUnknownRecord(item)
    const delta = readToolCallDelta(fields)
    const existing = this.#findCall(delta)
    const call = existing ?? this.#startCall(delta)
    const isNamed = call.name === '' && delta.name !== ''
    if (isNamed) call.name = delta.name
    return {
      index: call.index,
      ...(!existing && { id: call.id }),
      ...(isNamed && { name: call.name }),
      argumentsText: call.arguments.push(delta.arguments),
      fields: pickFields(fields, this.#stateFields) ?? {},
    }
  }

  /** The arguments that were held back. A call that never got a name gets one. */
  flush(): ToolCallPiece[] {
    return this.#calls.flatMap(({ index, name, arguments: reader }) => {
      const argumentsText = reader.flush()
      const unnamed = name === '' && { name: placeholderName }
      return argumentsText === '' && !unnamed ? [] : [{ index, ...unnamed, argumentsText, fields: {} }]
    })
  }

  #findCall({ wireIndex, wireId, name, arguments: piece }: ToolCallDelta): AssembledToolCall | undefined {
    const atIndex = wireIndex === null ? undefined : this.#calls.findLast((call) => call.wireIndex === wireIndex)
    if (name === '') {
      // A continuation. Its id may be new, and it may have neither id nor index.
      const withId = wireId === '' ? undefined : this.#calls.findLast((call) => call.wireId === wireId)
      return atIndex ?? withId ?? (wireIndex === null ? this.#calls.at(-1) : undefined)
    }
    const candidate = wireIndex === null ? this.#calls.findLast((call) => call.wireId === wireId) : atIndex
    if (candidate?.name === '') return candidate
    if (candidate?.name !== name) return undefined
    // The name is repeated with each piece, unless the piece is the beginning of another call.
    if (candidate.arguments.isInProgress) return candidate
    if (wireId !== '' && candidate.wireId !== '' && candidate.wireId !== wireId) return undefined
    return candidate.arguments.isBlank || !startsArguments(piece) ? candidate : undefined
  }

  #startCall({ wireIndex, wireId }: ToolCallDelta): AssembledToolCall {
    const index = this.#calls.length
    const id = this.#createUniqueId(wireId || `call_${index + 1}`)
    const call = { index, wireIndex, wireId, id, name: '', arguments: new ToolArgumentsReader() }
    this.#calls.push(call)
    return call
  }

  #createUniqueId(id: string): string {
    return this.#calls.some((call) => call.id === id) ? this.#createUniqueId(`${id}_${this.#calls.length + 1}`) : id
  }
}

/** Some servers put the fields of `function` beside it, or use other names for them. */
function readToolCallDelta(fields: UnknownRecord): ToolCallDelta {
  const call = { ...fields, ...toUnknownRecord(fields['function']) }
  return {
    wireIndex: coerceToIndex(fields['index']),
    wireId: coerceToText(fields['id']).trim(),
    name: coerceToText(call['name']).trim(),
    arguments: call['arguments'] ?? call['input'] ?? call['parameters'],
  }
}

function startsArguments(piece: unknown): boolean {
  return typeof piece === 'string' ? /^\s*(\{|"|null)/.test(piece) : piece !== undefined && piece !== null
}

import { z } from 'zod'
import { providerDialects } from '../select-dialect.ts'
import { opaqueProviderFieldsSchema, type OpaqueProviderFields } from './part-opaque-state.ts'
import { reasoningFieldKey } from '../responses/chat-completion-normalizer.ts'
import { mergeOpaqueStateField } from './merge-opaque-state-field.ts'

const textFields = collectFields(({ reasoning }) => reasoning.textFields)
const messageStateFields = collectFields(({ reasoning }) => reasoning.messageState).filter(
  (field) => !textFields.includes(field),
)
const toolCallStateFields = collectFields(({ reasoning }) => reasoning.toolCallState)

const chunkSchema = z.object({ choices: z.array(z.object({ delta: opaqueProviderFieldsSchema })).min(1) })
const toolCallSchema = z.looseObject({ index: z.int(), id: z.string().nullish() })

/**
 * Collects what a provider wants back from the normalised chunks of one chat completion. It reads the fields of all dialects, because
 * gateways pass on what others send.
 */
export class ChatCompletionOpaqueStateCollector {
  #reasoningField: string | null = null
  readonly #message: OpaqueProviderFields = {}
  readonly #calls = new Map<number, { id: string | null; readonly fields: OpaqueProviderFields }>()

  read(chunk: unknown): void {
    const delta = chunkSchema.safeParse(chunk).data?.choices[0]?.delta
    if (!delta) return
    const reasoningField = delta[reasoningFieldKey]
    if (typeof reasoningField === 'string') this.#reasoningField = reasoningField
    addFields(this.#message, delta, messageStateFields)
    const items = Array.isArray(delta['tool_calls']) ? delta['tool_calls'] : []
    for (const item of items) this.#readToolCall(item)
  }

  /** The field that had the newest reasoning. */
  get reasoningField(): string | null {
    return this.#reasoningField
  }

  /** The state of the message; null if it has none. */
  get messageState(): OpaqueProviderFields | null {
    return toNullIfEmpty(this.#message)
  }

  /** The state of the tool call with this id; null if it has none. */
  findToolCallState(id: string): OpaqueProviderFields | null {
    return toNullIfEmpty(this.#calls.values().find((call) => call.id === id)?.fields ?? {})
  }

  #readToolCall(item: unknown): void {
    const parsed = toolCallSchema.safeParse(item).data
    const fields = opaqueProviderFieldsSchema.safeParse(item).data
    if (!parsed || !fields) return
    const call = this.#calls.get(parsed.index) ?? { id: null, fields: {} }
    call.id ??= parsed.id ?? null
    this.#calls.set(parsed.index, call)
    addFields(call.fields, fields, toolCallStateFields)
  }
}

function addFields(state: OpaqueProviderFields, delta: OpaqueProviderFields, names: readonly string[]): void {
  for (const name of names) {
    const piece = delta[name]
    if (piece !== undefined && piece !== null) state[name] = mergeOpaqueStateField(state[name], piece)
  }
}

function collectFields(select: (dialect: (typeof providerDialects)[number]) => readonly string[]): readonly string[] {
  return [...new Set(providerDialects.flatMap(select))]
}

function toNullIfEmpty(fields: OpaqueProviderFields): OpaqueProviderFields | null {
  return Object.keys(fields).length > 0 ? fields : null
}

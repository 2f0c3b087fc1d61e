import { z } from 'zod'
import { type Json, stringifyJson } from '../../../lib/text/json.ts'
import type { OpaqueProviderState } from '../../../model/message.ts'

/** Fields of a message or a tool call, as a provider sent them. */
export const opaqueProviderFieldsSchema = z.record(z.string(), z.json())
const providerOptionsSchema = z.record(z.string(), opaqueProviderFieldsSchema)

/** The state of one part of an answer, as it is stored with the part. */
const partProviderStateSchema = z.object({
  /** The SDK's provider options of the part: a signature, or fields of a tool call. */
  options: providerOptionsSchema.optional(),
  /** The same, of each block without text before the part, such as redacted thoughts. */
  before: z.array(providerOptionsSchema).optional(),
  /** Fields of the whole message that the part belongs to. */
  message: opaqueProviderFieldsSchema.optional(),
  /** The field of the message that had the text of the part, such as `reasoning_content`. */
  textField: z.string().optional(),
})

export type OpaqueProviderFields = z.output<typeof opaqueProviderFieldsSchema>
export type PartProviderOptions = z.output<typeof providerOptionsSchema>
export type PartOpaqueState = z.output<typeof partProviderStateSchema>

/** In UTF-16 code units of JSON. A longer state is not stored. */
const maxStateLength = 1_048_576

/** The key of what Segue adds to the metadata of the parts of chat completions. */
export const opaqueStateMetadataKey = 'segueProviderState'

/** The key under which the SDK's package for OpenAI-compatible servers takes further fields of messages and tool calls. */
export const openAICompatibleOptionsKey = 'openaiCompatible'

/** The provider options of a part for its metadata, as the SDK's package for the provider has added it. */
export function providerMetadataToOptions(providerMetadata: unknown): PartProviderOptions {
  if (providerMetadata === undefined) return {}
  const { [opaqueStateMetadataKey]: _added, ...options } = providerOptionsSchema.safeParse(providerMetadata).data ?? {}
  return options
}

/** The state as it is stored. Nothing if it is empty or too long. */
export function toStoredOpaqueState(state: PartOpaqueState): { readonly providerState?: OpaqueProviderState } {
  const entries = Object.entries(state).flatMap(([key, value]): [string, Json][] =>
    value === undefined ? [] : [[key, value]],
  )
  if (entries.length === 0 || stringifyJson(state).length > maxStateLength) return {}
  return { providerState: Object.fromEntries(entries) }
}

/** Parses a stored state. It is empty if there is none, or one that was stored in another form. */
export function parseOpaqueProviderState(stored: OpaqueProviderState | undefined): PartOpaqueState {
  return stored === undefined ? {} : (partProviderStateSchema.safeParse(stored).data ?? {})
}

import type { AssistantModelMessage } from 'ai'
import {
  openAICompatibleOptionsKey,
  parseOpaqueProviderState,
  type PartOpaqueState,
  type OpaqueProviderFields,
} from '../../agent/providers/state/part-opaque-state.ts'
import type { ToolCall } from '../../model/message.ts'
import type { AnswerStep, AnswerStepPart } from './answer-steps.ts'
import { isBlank } from './is-blank.ts'

type AssistantContent = Exclude<AssistantModelMessage['content'], string>
type ToolCallPart = Extract<AssistantContent[number], { type: 'tool-call' }>

export interface AssistantMessageOptions {
  readonly toToolCallPart: (call: ToolCall) => ToolCallPart
  /** Whether the state of the provider is included, and the reasoning that it belongs to. */
  readonly includesState: boolean
  /** A field for reasoning that the message must have, if only empty. */
  readonly requiredField: string | null
}

/**
 * The message for one step of an answer: its texts and complete calls, and what the provider wants back with them. Null if
 * it has neither text nor calls.
 */
export function toAssistantMessage(step: AnswerStep, options: AssistantMessageOptions): AssistantModelMessage | null {
  const content: AssistantContent = []
  const fields: OpaqueProviderFields = {}
  const reasoning: OpaqueProviderFields = {}
  for (const part of step.parts) {
    const state = options.includesState ? parseOpaqueProviderState(part.providerState) : {}
    for (const providerOptions of state.before ?? []) content.push({ type: 'reasoning', text: '', providerOptions })
    content.push(...toContent(part, state, options))
    Object.assign(fields, state.message)
    const { textField } = state
    if (part.type !== 'reasoning' || textField === undefined) continue
    const earlier = reasoning[textField]
    reasoning[textField] = typeof earlier === 'string' ? earlier + part.text : part.text
  }
  if (content.every(({ type }) => type === 'reasoning')) return null
  // State of the message has its reasoning in it.
  if (Object.keys(fields).length === 0) Object.assign(fields, reasoning)
  if (options.requiredField !== null) fields[options.requiredField] ??= ''
  const hasFields = Object.keys(fields).length > 0
  return { role: 'assistant', content, ...(hasFields && { providerOptions: { [openAICompatibleOptionsKey]: fields } }) }
}

function toContent(
  part: AnswerStepPart,
  { options: providerOptions }: PartOpaqueState,
  { toToolCallPart }: AssistantMessageOptions,
): AssistantContent {
  const state = providerOptions && { providerOptions }
  switch (part.type) {
    case 'text':
      return isBlank(part.text) ? [] : [{ type: 'text', text: part.text.toWellFormed() }]
    case 'reasoning':
      return state ? [{ type: 'reasoning', text: part.text.toWellFormed(), ...state }] : []
    case 'tool':
      return part.call.argumentsWhole ? [{ ...toToolCallPart(part.call), ...state }] : []
  }
}

import type { Dialect, ReasoningRules } from '../../agent/providers/dialect.ts'
import { parseOpaqueProviderState } from '../../agent/providers/state/part-opaque-state.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { AnswerStep } from './answer-steps.ts'

/** A model, and what its provider demands of a request. */
export interface ModelRequestTarget {
  /** `<provider>/<name>` */
  readonly id: string
  /** Null if the model has no provider: the messages are not arranged for one. */
  readonly dialect: Pick<Dialect, 'roles' | 'reasoning'> | null
}

interface StateOwner {
  readonly id: string
  readonly reasoning: ReasoningRules
}

/**
 * Decides which state of the provider is sent back to it: that of its own model only, in the turn with the results of its
 * tools, and wherever else its dialect demands it.
 */
export class OpaqueStateSelector {
  readonly #owner: StateOwner
  readonly #requiredField: string | null

  constructor(messages: readonly MessageRecord[], owner: StateOwner) {
    this.#owner = owner
    this.#requiredField = findRequiredField(messages, owner)
  }

  /** Whether the state of a step is sent back. */
  includes(message: MessageRecord, step: AnswerStep): boolean {
    const { id, reasoning } = this.#owner
    const { returned, modelsThatRequireIt } = reasoning
    if (message.model !== id || returned === 'never') return false
    if (returned === 'always' || message.status === 'STREAMING') return true
    return step.calls.length > 0 && modelsThatRequireIt.test(id)
  }

  /** The field for reasoning that the message of a step must have, if only empty; null if none. */
  findRequiredField({ calls }: AnswerStep): string | null {
    return calls.length > 0 ? this.#requiredField : null
  }
}

/** The field of the dialect or, for a model that requires one, the field in which its reasoning came. */
function findRequiredField(messages: readonly MessageRecord[], { id, reasoning }: StateOwner): string | null {
  const { requiredField, modelsThatRequireIt } = reasoning
  if (requiredField !== null || !modelsThatRequireIt.test(id)) return requiredField
  for (const { model, parts } of messages) {
    for (const part of model === id ? parts : []) {
      const { textField } = part.type === 'reasoning' ? parseOpaqueProviderState(part.providerState) : {}
      if (textField !== undefined) return textField
    }
  }
  return null
}

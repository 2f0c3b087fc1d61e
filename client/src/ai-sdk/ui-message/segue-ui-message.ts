import type { UIMessage } from 'ai'
import type { DecisionState } from '../../../../src/model/decision.ts'
import type { MessageKind, MessageStatus } from '../../../../src/model/message.ts'
import type { FinishReason } from '../../../../src/model/stream.ts'
import type { Usage } from '../../../../src/model/usage.ts'

/** What a message of the AI SDK carries of Segue's. */
export interface SegueMessageMetadata {
  readonly sessionId: string
  /** The stream that made it, or that answers it. Null for messages of Hermes. */
  readonly streamId: string | null
  readonly kind?: MessageKind
  readonly status?: MessageStatus | 'WITHDRAWN'
  readonly model?: string | null
  readonly usage?: Usage | null
  /** Segue's own reason, which says more than the SDK's. */
  readonly finishReason?: FinishReason | null
  /** Epoch milliseconds. */
  readonly createdAt?: number
}

/** The data of a part `data-clarification`: a question to the person. Its id is the clarification's. */
export interface ClarificationData {
  readonly toolCallId: string
  readonly question: string
  /** Suggested answers. Any other answer is accepted as well. */
  readonly choices: readonly string[]
  /** JSON Schema of the values asked for; null for a plain question. */
  readonly form: unknown
  readonly state: DecisionState
  readonly answer: string | null
}

/** The data parts of the AI SDK's messages that Segue's adapter adds, by name. */
export type SegueDataParts = { readonly clarification: ClarificationData }

/** A message of the AI SDK that Segue's adapter makes. Its tool parts are dynamic: the server knows the tools. */
export type SegueUIMessage = UIMessage<SegueMessageMetadata, SegueDataParts>

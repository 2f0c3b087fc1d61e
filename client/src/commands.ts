import type { CancelResult, RequestOptions, SegueClient } from './segue-client.ts'
import type { RequestSender } from './http/request-sender.ts'
import {
  answerApprovalDocument,
  answerClarificationDocument,
  cancelStreamDocument,
  markReadDocument,
  moveQueuedMessageDocument,
  sendQueuedMessageDocument,
  updateQueuedMessageDocument,
  withdrawMessageDocument,
} from './wire/documents.ts'
import { toChatStream } from './wire/to-chat-event.ts'
import { toApproval, toClarification } from './wire/to-decision.ts'
import { toChatMessage } from './wire/to-message.ts'
import type { WireApproval, WireClarification, WireId, WireMessage, WireStream } from './wire/wire-types.ts'

interface WireCancelResult extends Pick<CancelResult, 'outcome'> {
  readonly stream: WireStream
  readonly message: WireMessage | null
  readonly withdrawn: readonly WireMessage[]
}

interface WireQueue {
  readonly queue: readonly WireId[]
}

type Command =
  | 'cancel'
  | 'withdraw'
  | 'updateQueued'
  | 'moveQueued'
  | 'sendQueued'
  | 'markRead'
  | 'answerApproval'
  | 'answerClarification'

/** The methods of a client that send one mutation. */
export function createCommands(requests: RequestSender): Pick<SegueClient, Command> {
  /** @typeParam Wire What the document selects of its only field, which it calls `result`. */
  const mutate = async <Wire>(query: string, variables: object, options: RequestOptions | undefined): Promise<Wire> => {
    const { result } = await requests.send<{ readonly result: Wire }>({ query, variables: { ...variables } }, options)
    return result
  }
  return {
    cancel: async (id, options) => {
      const { outcome, stream, message, withdrawn } = await mutate<WireCancelResult>(
        cancelStreamDocument,
        { id },
        options,
      )
      return {
        outcome,
        stream: toChatStream(stream),
        message: message && toChatMessage(message),
        withdrawn: withdrawn.map(toChatMessage),
      }
    },
    withdraw: async (id, options) => toChatMessage(await mutate<WireMessage>(withdrawMessageDocument, { id }, options)),
    updateQueued: async (id, changes, options) =>
      toChatStream(await mutate<WireStream>(updateQueuedMessageDocument, { ...changes, id }, options)),
    moveQueued: async (id, before, options) => {
      const { queue } = await mutate<WireQueue>(moveQueuedMessageDocument, { id, before }, options)
      return queue.map((stream) => stream.id)
    },
    sendQueued: async (id, options) =>
      toChatStream(await mutate<WireStream>(sendQueuedMessageDocument, { id }, options)),
    markRead: async (conversationId, at, options) => {
      await mutate(
        markReadDocument,
        { id: conversationId, ...(typeof at === 'number' && { at: new Date(at).toISOString() }) },
        options,
      )
    },
    answerApproval: async (id, answer, options) =>
      toApproval(await mutate<WireApproval>(answerApprovalDocument, { ...answer, id }, options)),
    answerClarification: async (id, answer, options) =>
      toClarification(await mutate<WireClarification>(answerClarificationDocument, { ...answer, id }, options)),
  }
}

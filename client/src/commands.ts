import type {
  ApprovalAnswer,
  CancelResult,
  ClarificationAnswer,
  QueuedMessageChanges,
  RequestOptions,
} from './segue-client.ts'
import type { Approval, Clarification } from './model/decision.ts'
import type { ChatStream } from './model/stream.ts'
import type { RequestSender } from './http/request-sender.ts'
import {
  answerApprovalDocument,
  answerClarificationDocument,
  cancelStreamDocument,
  moveQueuedMessageDocument,
  sendQueuedMessageDocument,
  updateQueuedMessageDocument,
} from './wire/documents.ts'
import { toChatStream } from './wire/to-chat-event.ts'
import { toApproval, toClarification } from './wire/to-decision.ts'
import { toChatMessage } from './wire/to-message.ts'
import type { WireApproval, WireClarification, WireMessage, WireStream } from './wire/wire-types.ts'

interface WireCancelResult extends Pick<CancelResult, 'outcome'> {
  readonly stream: WireStream
  readonly message: WireMessage | null
}

export async function cancelStream(
  requests: RequestSender,
  id: string,
  options?: RequestOptions,
): Promise<CancelResult> {
  const operation = { query: cancelStreamDocument, variables: { id } }
  const { result } = await requests.send<{ readonly result: WireCancelResult }>(operation, options)
  const { outcome, stream, message } = result
  return { outcome, stream: toChatStream(stream), message: message && toChatMessage(message) }
}

export async function updateQueuedMessage(
  requests: RequestSender,
  id: string,
  changes: QueuedMessageChanges,
  options?: RequestOptions,
): Promise<ChatStream> {
  const operation = { query: updateQueuedMessageDocument, variables: { ...changes, id } }
  const { result } = await requests.send<{ readonly result: WireStream }>(operation, options)
  return toChatStream(result)
}

export async function moveQueuedMessage(
  requests: RequestSender,
  id: string,
  before: string | null,
  options?: RequestOptions,
): Promise<readonly string[]> {
  const operation = { query: moveQueuedMessageDocument, variables: { id, before } }
  const { result } = await requests.send<{ readonly result: { readonly queue: readonly { readonly id: string }[] } }>(
    operation,
    options,
  )
  return result.queue.map((stream) => stream.id)
}

export async function sendQueuedMessage(
  requests: RequestSender,
  id: string,
  options?: RequestOptions,
): Promise<ChatStream> {
  const operation = { query: sendQueuedMessageDocument, variables: { id } }
  const { result } = await requests.send<{ readonly result: WireStream }>(operation, options)
  return toChatStream(result)
}

export async function answerApproval(
  requests: RequestSender,
  id: string,
  answer: ApprovalAnswer,
  options?: RequestOptions,
): Promise<Approval> {
  const operation = { query: answerApprovalDocument, variables: { ...answer, id } }
  const { result } = await requests.send<{ readonly result: WireApproval }>(operation, options)
  return toApproval(result)
}

export async function answerClarification(
  requests: RequestSender,
  id: string,
  answer: ClarificationAnswer,
  options?: RequestOptions,
): Promise<Clarification> {
  const operation = { query: answerClarificationDocument, variables: { ...answer, id } }
  const { result } = await requests.send<{ readonly result: WireClarification }>(operation, options)
  return toClarification(result)
}

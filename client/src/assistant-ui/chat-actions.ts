import type { ExternalStoreAdapter } from '@assistant-ui/react'
import type { JsonObject } from '../../../src/lib/text/json.ts'
import type { LiveChat } from '../live-chat/live-chat.ts'
import type { ClarificationAnswer, SegueClient } from '../segue-client.ts'
import type { Clarification } from '../model/decision.ts'
import type { MessageTree } from './to-message-tree.ts'
import { toModelChoice, toOutgoingMessage } from './to-outgoing-message.ts'
import { toApprovalDecision, toClarificationAnswer } from './to-tool-call-part.ts'

type ChatActions = Pick<
  ExternalStoreAdapter,
  'onReload' | 'onRefetchThread' | 'onRespondToToolApproval' | 'onResumeToolCall' | 'setMessages'
> &
  Required<Pick<ExternalStoreAdapter, 'onNew' | 'onEdit' | 'onLoadEarlier' | 'unstable_onBranchChange'>>

/** What assistant-ui's components do with a chat. */
export function createChatActions(client: SegueClient, chat: LiveChat, tree: MessageTree): ChatActions {
  return {
    onNew: (message) => chat.send({ ...toOutgoingMessage(message, client), ...toModelChoice(message) }),
    onEdit: async (message) => {
      const changes = { ...toOutgoingMessage(message, client), ...toModelChoice(message) }
      await chat.regenerate(findMessageId(tree, message.sourceId), changes)
    },
    onReload: (parentId) => chat.regenerate(findMessageId(tree, parentId)),
    onLoadEarlier: chat.loadEarlier,
    onRespondToToolApproval: async ({ approvalId, reason, ...response }) => {
      const question = listClarifications(tree).find(({ id }) => id === approvalId)
      if (question) return chat.answerClarification(approvalId, toAnswer(question, response))
      const decision = toApprovalDecision(response)
      await chat.answerApproval(approvalId, { decision, ...(reason !== undefined && { reason }) })
    },
    onResumeToolCall: ({ toolCallId, payload }) => {
      const question = listClarifications(tree).find(({ toolCall }) => toolCall.id === toolCallId)
      if (!question) throw new Error('The tool call asks nothing. Answer one that does.')
      // What the server refuses is the error of the chat.
      chat.answerClarification(question.id, parsePayload(payload)).catch(() => undefined)
    },
    // The messages are the server's: nothing that is done with them here changes them.
    setMessages: () => undefined,
    unstable_onBranchChange: ({ visibleMessageIds }) => {
      const sessionId = visibleMessageIds.map((id) => tree.branches.get(id)).find((id) => id !== undefined)
      if (sessionId !== undefined) chat.open(sessionId)
    },
  }
}

function findMessageId(tree: MessageTree, treeId: string | null): string {
  const message = treeId === null ? undefined : tree.messages.get(treeId)
  if (!message) throw new Error('The message is not shown any more. Choose another one.')
  return message.id
}

function listClarifications({ messages }: MessageTree): Clarification[] {
  return [...messages.values()].flatMap(({ decisions }) =>
    Object.values(decisions).flatMap(({ clarification }) => clarification ?? []),
  )
}

function toAnswer(
  question: Clarification,
  response: { readonly approved: boolean; readonly optionId?: string; readonly text?: string },
): ClarificationAnswer {
  const answer = toClarificationAnswer(question, response)
  return answer === null ? { decline: true } : { answer }
}

/** A text answers a plain question, an object with values a form. Null declines. */
function parsePayload(payload: unknown): ClarificationAnswer {
  if (typeof payload === 'string') return { answer: payload }
  return isJsonObject(payload) ? { values: payload } : { decline: true }
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

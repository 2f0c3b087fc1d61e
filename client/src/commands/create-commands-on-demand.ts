import type { RequestSender } from '../http/request-sender.ts'
import type { RequestOptions, SegueClient } from '../segue-client.ts'
import { toChatStream } from '../wire/to-chat-event.ts'
import { toChatMessage, toTime, toUsage } from '../wire/to-message.ts'
import type { WireId, WireMessage, WireStream } from '../wire/wire-types.ts'
import {
  approvalRulesDocument,
  deleteConversationDocument,
  forgetApprovalDocument,
  markReadDocument,
  moveQueuedMessageDocument,
  newSessionDocument,
  sendQueuedMessageDocument,
  sessionDetailsDocument,
  updateConversationDocument,
  updateQueuedMessageDocument,
  updateSessionDocument,
  usageDocument,
  type WireApprovalRules,
  type WireSessionDetails,
  type WireUsageSum,
  withdrawMessageDocument,
} from './command-documents.ts'
import type { ApprovalRule } from './approval-rule.ts'
import { sendForResult } from './send-for-result.ts'
import type { SessionDetails } from './session-details.ts'

/** The methods that are loaded when the first of them is called. */
export type CommandOnDemand =
  | 'withdraw'
  | 'updateQueued'
  | 'moveQueued'
  | 'sendQueued'
  | 'createSession'
  | 'updateSession'
  | 'session'
  | 'updateConversation'
  | 'deleteConversation'
  | 'markRead'
  | 'usage'
  | 'approvalRules'
  | 'forgetApproval'

export function createCommandsOnDemand(requests: RequestSender): Pick<SegueClient, CommandOnDemand> {
  const send = <Wire>(query: string, variables: object, options: RequestOptions | undefined): Promise<Wire> =>
    sendForResult<Wire>(requests, query, variables, options)
  return {
    withdraw: async (id, options) => toChatMessage(await send<WireMessage>(withdrawMessageDocument, { id }, options)),
    updateQueued: async (id, changes, options) =>
      toChatStream(await send<WireStream>(updateQueuedMessageDocument, { ...changes, id }, options)),
    moveQueued: async (id, before, options) => {
      const { queue } = await send<{ readonly queue: readonly WireId[] }>(
        moveQueuedMessageDocument,
        { id, before },
        options,
      )
      return queue.map((stream) => stream.id)
    },
    sendQueued: async (id, options) => toChatStream(await send<WireStream>(sendQueuedMessageDocument, { id }, options)),
    createSession: async (input = {}, options) =>
      toSessionDetails(await send<WireSessionDetails>(newSessionDocument, { input }, options)),
    updateSession: async (id, input, options) =>
      toSessionDetails(await send<WireSessionDetails>(updateSessionDocument, { id, input }, options)),
    session: async (id, options) => {
      const session = await send<WireSessionDetails | null>(sessionDetailsDocument, { id }, options)
      return session && toSessionDetails(session)
    },
    updateConversation: async (id, input, options) => {
      await send(updateConversationDocument, { id, input }, options)
    },
    deleteConversation: async (id, options) => {
      await send(deleteConversationDocument, { id }, options)
    },
    markRead: async (id, at, options) => {
      await send(markReadDocument, { id, at: toDateTime(at) }, options)
    },
    usage: async ({ from, to, ...span } = {}, options) => {
      const variables = { ...span, from: toDateTime(from), to: toDateTime(to) }
      const sums = await send<readonly WireUsageSum[]>(usageDocument, variables, options)
      return sums.map(({ group, answers, usage }) => ({ group, answers, usage: toUsage(usage) }))
    },
    approvalRules: async (profile = 'default', options) => {
      const found = await send<WireApprovalRules | null>(approvalRulesDocument, { profile }, options)
      return found ? toApprovalRules(found) : []
    },
    forgetApproval: async (rules, options) =>
      toApprovalRules(await send<WireApprovalRules>(forgetApprovalDocument, rules, options)),
  }
}

function toSessionDetails({ profile, conversation, ...session }: WireSessionDetails): SessionDetails {
  return { ...session, profile: profile.name, conversationId: conversation.id }
}

function toApprovalRules({ approvalRules }: WireApprovalRules): ApprovalRule[] {
  return approvalRules.map(({ since, session, ...rule }) => ({
    ...rule,
    since: toTime(since),
    sessionId: session?.id ?? null,
  }))
}

/** What the API takes for a time in epoch milliseconds. Undefined, which is not sent, where there is none. */
function toDateTime(time: number | null | undefined): string | undefined {
  return typeof time === 'number' ? new Date(time).toISOString() : undefined
}

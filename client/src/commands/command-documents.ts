import type { Json } from '../../../src/lib/text/json.ts'
import { contextFields, messageFields, streamFields, usageFields } from '../wire/documents.ts'
import type { WireId, WireUsage } from '../wire/wire-types.ts'
import type { SessionContext } from '../model/session-context.ts'

/** All operations name their only field `result`. */

export interface WireSessionDetails extends WireId {
  readonly key: string | null
  readonly title: string | null
  readonly model: string | null
  readonly effort: string | null
  readonly instructions: string | null
  readonly ownInstructions: string | null
  readonly profile: { readonly name: string }
  readonly conversation: WireId
  readonly context: SessionContext | null
}

export interface WireUsageSum {
  readonly group: string | null
  readonly answers: number
  readonly usage: WireUsage
}

export interface WireApprovalRules {
  readonly approvalRules: readonly {
    readonly id: string
    readonly tool: string
    readonly pattern: Json
    readonly since: string
    readonly session: WireId | null
  }[]
}

const sessionFields = `{
  id key title model effort instructions ownInstructions profile { name } conversation { id }
  ${contextFields}
}`

const approvalRulesFields = '{ approvalRules { id tool pattern since session { id } } }'

export const updateQueuedMessageDocument = `mutation ($id: ID!, $text: String, $files: [FileInput!]) {
  result: updateQueuedMessage(streamId: $id, text: $text, files: $files) ${streamFields}
}`

export const moveQueuedMessageDocument = `mutation ($id: ID!, $before: ID) {
  result: moveQueuedMessage(streamId: $id, before: $before) { queue { id } }
}`

export const sendQueuedMessageDocument = `mutation ($id: ID!) {
  result: sendQueuedMessage(streamId: $id) ${streamFields}
}`

export const withdrawMessageDocument = `mutation ($id: ID!) {
  result: withdrawMessage(messageId: $id) ${messageFields}
}`

export const sessionDetailsDocument = `query ($id: ID!) { result: session(id: $id) ${sessionFields} }`

export const newSessionDocument = `mutation ($input: CreateSessionInput!) { result: createSession(input: $input) ${sessionFields} }`

export const updateSessionDocument = `mutation ($id: ID!, $input: UpdateSessionInput!) {
  result: updateSession(id: $id, input: $input) ${sessionFields}
}`

export const updateConversationDocument = `mutation ($id: ID!, $input: UpdateConversationInput!) {
  result: updateConversation(id: $id, input: $input) { id }
}`

export const deleteConversationDocument = `mutation ($id: ID!) {
  result: deleteConversation(id: $id)
}`

export const markReadDocument = `mutation ($id: ID!, $at: DateTime) {
  result: markRead(conversationId: $id, at: $at) { id }
}`

export const usageDocument = `query ($profile: String, $from: DateTime, $to: DateTime, $groupBy: UsageGroup, $first: Int) {
  result: usage(profile: $profile, from: $from, to: $to, groupBy: $groupBy, first: $first) { group answers ${usageFields} }
}`

export const approvalRulesDocument = `query ($profile: String!) { result: profile(name: $profile) ${approvalRulesFields} }`

export const forgetApprovalDocument = `mutation ($id: ID, $tool: String, $profile: String) {
  result: forgetApproval(id: $id, tool: $tool, profile: $profile) ${approvalRulesFields}
}`

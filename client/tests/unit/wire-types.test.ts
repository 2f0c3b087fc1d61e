import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as aiSdkDocuments from '../../src/ai-sdk/chat-session-documents.ts'
import * as commandDocuments from '../../src/commands/command-documents.ts'
import * as listDocuments from '../../src/lists/conversation-documents.ts'
import * as chatDocuments from '../../src/live-chat/live-chat-documents.ts'
import * as wireDocuments from '../../src/wire/documents.ts'
import { checkWireTypes, type TypedDocument } from '../support/check-wire-types.ts'

const schema = readFileSync(join(import.meta.dirname, '..', '..', '..', 'schema.graphql'), 'utf8')

/** What the library takes the result of each document for. */
const resultTypes: Readonly<Record<string, string>> = {
  StreamChat: '{ readonly event: Wire.WireEvent }',
  FollowStream: '{ readonly event: Wire.WireEvent }',
  FollowSession: '{ readonly event: Wire.WireEvent }',
  CancelStream:
    "{ readonly result: Pick<Client.CancelResult, 'outcome'> & { readonly stream: Wire.WireStream; readonly message: Wire.WireMessage | null; readonly withdrawn: readonly Wire.WireMessage[] } }",
  WithdrawMessage: '{ readonly result: Wire.WireMessage }',
  AnswerApproval: '{ readonly result: Wire.WireApproval }',
  AnswerClarification: '{ readonly result: Wire.WireClarification }',
  Approvals: '{ readonly event: Wire.WireApproval }',
  Clarifications: '{ readonly event: Wire.WireClarification }',
  PendingDecisions:
    '{ readonly approvals: readonly Wire.WireApproval[]; readonly clarifications: readonly Wire.WireClarification[] }',
  Conversations: 'Lists.WireConversationPage',
  ConversationsChanged: '{ readonly event: Lists.WireConversationChange }',
  ConversationTip: '{ readonly session: { readonly conversation: { readonly tip: Chat.WireChatSession } } | null }',
  ChatSession: '{ readonly session: Chat.WireChatSession | null }',
  EarlierMessages: '{ readonly session: { readonly transcript: Chat.WireTranscriptPage } | null }',
  UpdateQueuedMessage: '{ readonly result: Wire.WireStream }',
  MoveQueuedMessage: '{ readonly result: { readonly queue: readonly { readonly id: string }[] } }',
  SendQueuedMessage: '{ readonly result: Wire.WireStream }',
  MarkRead: '{ readonly result: { readonly id: string } }',
  StartChat: '{ readonly stream: Wire.WireStream }',
  Regenerate: '{ readonly stream: Wire.WireStream }',
  StreamedMessage:
    "{ readonly stream: (Pick<Wire.WireStream, 'status' | 'lastSeq'> & { readonly message: Chat.WireLiveMessage | null; readonly steered: readonly Chat.WireLiveMessage[] }) | null }",
  Alternatives: "{ readonly node: Pick<Chat.WireLiveMessage, 'alternatives'> | {} | null }",
  NewSession: '{ readonly result: Commands.WireSessionDetails }',
  UpdateSession: '{ readonly result: Commands.WireSessionDetails }',
  SessionDetails: '{ readonly result: Commands.WireSessionDetails | null }',
  Usage: '{ readonly result: readonly Commands.WireUsageSum[] }',
  ApprovalRules: '{ readonly result: Commands.WireApprovalRules | null }',
  ForgetApproval: '{ readonly result: Commands.WireApprovalRules }',
  FindSession: 'AiSdk.WireFoundSession',
  MessageKeys: 'AiSdk.WireMessageKeys',
  // What is in their results is not read.
  UpdateConversation: 'unknown',
  DeleteConversation: 'unknown',
}

const documents = new Map<string, TypedDocument>()
const modules = { ...wireDocuments, ...listDocuments, ...chatDocuments, ...aiSdkDocuments, ...commandDocuments }
for (const [name, text] of Object.entries(modules)) {
  if (typeof text !== 'string' || !name.endsWith('Document')) continue
  const key = name.charAt(0).toUpperCase() + name.slice(1, -'Document'.length)
  documents.set(key, { text, resultType: resultTypes[key] ?? 'never' })
}

const timeout = 120_000 // the compiler runs

test('what the schema allows fits the types by which the library reads it', { timeout }, async () => {
  expect([...documents.keys()].toSorted()).toEqual(Object.keys(resultTypes).toSorted())
  expect(await checkWireTypes(schema, documents)).toEqual([])
})

test('a field that becomes nullable, another scalar and a new enum value are noticed', { timeout }, async () => {
  const change = (type: string, before: string, after: string) => (text: string) => {
    const start = text.search(new RegExp(`^(?:type|enum) ${type}\\b`, 'm'))
    const end = text.indexOf('\n}', start)
    const body = text.slice(start, end)
    expect(body).toContain(before)
    return text.slice(0, start) + body.replace(before, after) + text.slice(end)
  }
  const changes = [
    change('Stream', '  model: String!', '  model: String'),
    change('Conversation', '  segmentCount: Int!', '  segmentCount: String!'),
    change('ToolCallState', '  FAILED', '  ASLEEP\n  FAILED'),
  ]
  const errors = await Promise.all(changes.map((apply) => checkWireTypes(apply(schema), documents)))
  expect(errors[0]?.join('\n')).toContain("Type 'string | null' is not assignable to type 'string'")
  for (const found of errors) expect(found).not.toEqual([])
})

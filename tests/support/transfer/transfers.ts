import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { sqliteTransferStorage } from '../../../src/cli/storage/sqlite-transfer-storage.ts'
import type { TransferStorage } from '../../../src/storage/transfer/transfer-storage.ts'
import { exportConversation } from '../../../src/transfer/export-conversation.ts'
import { importConversation } from '../../../src/transfer/import-conversation.ts'
import { request } from '../server/graphql-request.ts'
import { newTempFolder } from '../server/segue.ts'
import { silentLogger } from '../../../src/lib/logger.ts'

export interface ExportInput {
  readonly home: string
  readonly hermesHome?: string | null
  readonly id: string
  readonly profile?: string | null
  readonly output?: string | null
  /** Default: that of a home. */
  readonly storage?: TransferStorage
}

/** Exports a conversation to a file. Returns its path, its text and the notes. */
export async function exportToFile({
  home,
  hermesHome = null,
  id,
  profile = null,
  output = null,
  storage = sqliteTransferStorage,
}: ExportInput) {
  const notes: string[] = []
  const workingDirectory = newTempFolder()
  const paths = { home, hermesHome }
  const onNote = (note: string): void => void notes.push(note)
  const { path } = await exportConversation({
    paths,
    id,
    profile,
    output,
    workingDirectory,
    storage,
    log: silentLogger,
    onNote,
  })
  if (path === null) throw new Error('The export was not written to a file.')
  return { path, text: readFileSync(path, 'utf8'), notes }
}

export async function importFromFile(
  file: string,
  home: string,
  profile = 'default',
  storage: TransferStorage = sqliteTransferStorage,
) {
  const paths = { home, hermesHome: null }
  return importConversation({ paths, workingDirectory: '/', file, profile, storage })
}

const usage = 'usage { estimated inputTokens outputTokens reasoningTokens cachedInputTokens }'
const call = `id providerId name argumentsText arguments state result resultUrl error startedAt finishedAt`
const decision = `id state requestedAt expiresAt resolvedAt session { id } stream { id } toolCall { ${call} }`
const message = `id role status text reasoning createdAt model digest ${usage} stream { id } session { id }
  steering { state step partIndex stream { id } }
  parts { __typename step startedAt endedAt ... on TextPart { index text } ... on ReasoningPart { index text }
    ... on ToolCallPart { index toolCall { ${call} } } ... on FilePart { index mediaType name url } }`
const stream = `id status model startedAt finishedAt lastSeq error { code message } ${usage} userMessage { id } message { id }`
const session = `id title source channel origin model startedAt endedAt endReason lastActivityAt messageCount pinned
  archived headSeq modelContext segmentCount queue { id } ${usage} parent { id } lineageRoot { id } forkedFrom { id }
  messages(first: 1000) { edges { cursor node { ${message} } } }`
const event = `__typename seq at sessionId streamId
  ... on StreamStarted { stream { ${stream} } userMessage { id } }
  ... on TextDelta { messageId partIndex step startedAt offset text }
  ... on ReasoningDelta { messageId partIndex step startedAt offset text }
  ... on ToolCallDelta { messageId partIndex step startedAt toolCallId toolName offset argumentsText }
  ... on ToolCallChanged { messageId partIndex toolCall { ${call} } }
  ... on FilePartAdded { messageId partIndex step mediaType name url }
  ... on PartFinished { messageId partIndex } ... on StepFinished { step finishReason ${usage} }
  ... on StreamChanged { stream { ${stream} } } ... on ApprovalChanged { approval { ${decision} } }
  ... on ClarificationChanged { clarification { ${decision} } }
  ... on StreamFinished { stream { ${stream} } message { ${message} } } ... on SessionChanged { session { id title } }
  ... on MessageSteered { steeringState userMessage { id } } ... on QueueChanged { streamIds queue { id } }
  ... on SessionContinued { from { id } to { id } }`

const listSchema = z.object({
  conversations: z.object({
    edges: z.array(
      z.object({ node: z.object({ segments: z.array(z.looseObject({ id: z.string(), headSeq: z.int() })) }) }),
    ),
  }),
})

/** Queries all conversations and decisions of a server with every field. */
export async function queryConversations(url: string): Promise<unknown> {
  const conversations = `conversations { edges { cursor node { id title lastActivityAt segmentCount root { id } tip { id }
    segments { ${session} } } } }`
  const decisions = `approvals(pending: false) { ${decision} decision description choices }
    clarifications(pending: false) { ${decision} question answer choices }`
  return queryData(url, `{ ${conversations} ${decisions} }`)
}

/** Searches sessions for each of these words. */
export async function querySearch(url: string, ids: readonly string[], words: readonly string[]): Promise<unknown> {
  const hits: unknown[] = []
  const filter = `filter: { ids: ${JSON.stringify(ids)} }`
  for (const word of words) {
    const fields = 'edges { node { session { id } message { id } snippet } }'
    hits.push(await queryData(url, `{ search(query: ${JSON.stringify(word)}, ${filter}) { ${fields} } }`))
  }
  return hits
}

/** Queries the logs of all sessions, each from several cursors. */
export async function queryLogs(url: string): Promise<unknown> {
  const list = listSchema.parse(
    await queryData(url, '{ conversations { edges { node { segments { id headSeq } } } } }'),
  )
  const logs: unknown[] = []
  for (const { id, headSeq } of list.conversations.edges.flatMap(({ node }) => node.segments)) {
    // After the end there is only a reset, with the time of the request.
    for (const after of [0, 1, 3, 7, 20].filter((seq) => seq <= headSeq)) {
      logs.push(await queryData(url, `{ events(sessionId: "${id}", after: ${after}, first: 1000) { ${event} } }`))
    }
  }
  return logs
}

/** Fetches all files that these conversations refer to. Returns status, content type and content by path. */
export async function fetchFiles(url: string, conversations: unknown): Promise<Map<string, string>> {
  const paths = new Set(JSON.stringify(conversations).match(/\/files\/[^"]+/g))
  const files = new Map<string, string>()
  for (const path of paths) {
    const response = await fetch(url + path)
    files.set(path, `${response.status} ${response.headers.get('content-type')} ${await response.text()}`)
  }
  return files
}

export async function queryData(url: string, query: string): Promise<unknown> {
  const { data, errors } = await request(url, { query })
  if (errors) throw new Error(errors.map(({ message: text }) => text).join('\n'))
  return data
}

export function newHomePath(): string {
  return join(newTempFolder(), 'home')
}

import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Places } from '../config/paths.ts'
import { notFound } from '../lib/errors.ts'
import { Homes } from '../profiles/profile-directory.ts'
import { rootIdIn } from '../sessions/conversation-repository.ts'
import type { HermesLog } from '../hermes/hermes-session-reader.ts'
import type { SessionRecord } from '../model/records.ts'
import { conversationRecords } from './export-records.ts'
import { documentText } from './document-writer.ts'
import type { Listed } from './document-schema.ts'
import { Source } from './export-source.ts'
import { Summary } from './document-summary.ts'
import { TransferError } from './transfer-error.ts'

export interface ExportRequest {
  readonly places: Places
  /** Of a conversation, or of one of its sessions. */
  readonly id: string
  /** Where to look for it; null: in all profiles. */
  readonly profile: string | null
  /** A path; null for one that is named after the conversation, in `folder`; or what takes the text. */
  readonly output: string | Writable | null
  readonly folder: string
  readonly log: HermesLog
  /** Is told what is missing, a sentence each. */
  readonly onNote: (note: string) => void
}

export interface Exported {
  readonly summary: Summary
  /** The file; null where somebody took the text. */
  readonly path: string | null
}

/**
 * Writes a conversation as one JSON document, as it is at one moment; nothing is changed by it, and a server may be
 * running. A file is there whole or, as before, not at all. Throws NOT_FOUND, a `TransferError`, and as `Snapshot.of`.
 */
export async function exportConversation(request: ExportRequest): Promise<Exported> {
  const { places, id, profile, log } = request
  const homes = new Homes(places)
  for (const name of profile === null ? await homes.names() : [profile]) {
    await using source = new Source(name, homes.foldersOf(name), log)
    const session = await find(id, source)
    if (session) return await written(session, source, request)
  }
  throw notFound('conversation or session', id)
}

/** The session with this id, or the one in the id of a conversation. */
async function find(id: string, source: Source): Promise<SessionRecord | null> {
  const session = await source.session(id)
  const rootId = rootIdIn(id)
  return session || rootId === null ? session : source.session(rootId)
}

async function written(session: SessionRecord, source: Source, request: ExportRequest): Promise<Exported> {
  const { output, onNote } = request
  const segments = await source.conversation(session)
  const summary = new Summary()
  const text = documentText(noted(conversationRecords({ source, segments, onNote }), summary))
  try {
    if (output === null || typeof output === 'string') return { summary, path: await toFile(text, summary, request) }
    await pipeline(Readable.from(text), output, { end: false })
    return { summary, path: null }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error
    throw new TransferError(`The export can't be written: ${error.message}`)
  }
}

async function toFile(
  text: AsyncIterable<string>,
  summary: Summary,
  { output, folder }: ExportRequest,
): Promise<string> {
  const named = typeof output === 'string' ? resolve(folder, output) : null
  const draft = join(named === null ? folder : dirname(named), `.segue-export-${process.pid}.part`)
  try {
    await pipeline(Readable.from(text), createWriteStream(draft, { mode: 0o600, flush: true }))
    // Which conversation it is, is known now.
    const path = named ?? resolve(folder, `${summary.conversationId}.json`)
    await rename(draft, path)
    return path
  } finally {
    await rm(draft, { force: true })
  }
}

async function* noted(records: AsyncIterable<Listed>, summary: Summary): AsyncGenerator<Listed> {
  for await (const listed of records) {
    summary.add(listed)
    yield listed
  }
}

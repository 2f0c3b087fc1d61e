import { createHash } from 'node:crypto'
import { kindOfId } from '../lib/ids.ts'
import type { FileStore } from '../storage/filesystem/filesystem-blob-store.ts'
import type { MessageRecord, SessionRecord } from '../model/records.ts'
import { continues } from '../sessions/load-lineage.ts'
import type { Listed, RecordIn } from './document-schema.ts'
import { copyId, hermesCopy } from './convert-hermes-session.ts'
import { sessionForm } from './document-session.ts'
import type { Source } from './export-source.ts'
import { TransferError } from './transfer-error.ts'

/** What a string of base64 can hold is not much more. */
const largestFile = 128 * 1024 * 1024 // bytes

export interface ExportOptions {
  readonly source: Source
  /** All of the conversation. */
  readonly segments: readonly SessionRecord[]
  /** Is told what is missing from the export, a sentence each. */
  readonly onNote: (note: string) => void
}

/**
 * Everything that a document holds of a conversation, in its order. Sessions of Hermes come as they would be kept here.
 * Throws a `TransferError` while an answer is being made in one of them, or waits.
 */
export async function* conversationRecords({ source, segments, onNote }: ExportOptions): AsyncGenerator<Listed> {
  const { rows, hermes } = source
  const sessions: RecordIn<'sessions'>[] = []
  const copied: MessageRecord[] = []
  for (const segment of segments) {
    const parent = segments.find((other) => continues(segment, other)) ?? null
    if (segment.origin === 'SEGUE') sessions.push(ownSession(segment, parent, source))
    else if (hermes) {
      const copy = await hermesCopy(segment, parent, hermes)
      sessions.push(copy.session)
      copied.push(...copy.messages)
    }
  }
  for (const { id, parentId, origin } of segments) {
    if (origin === 'HERMES' || parentId === null || kindOfId(parentId) !== null) continue
    if (!(await source.session(parentId))) {
      onNote(`The session ${parentId} of Hermes, from which ${id} goes on, can't be read: it is not in the export.`)
    }
  }
  sessions.sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1))
  const ids = sessions.map(({ id }) => id)

  for (const record of sessions) yield { list: 'sessions', record }
  for (const { status, finishedAt, ...stream } of rows?.streams(ids) ?? []) {
    const isOver = status !== 'QUEUED' && status !== 'RUNNING' && status !== 'WAITING'
    if (!isOver || finishedAt === null) throw unfinished(stream.id)
    yield { list: 'streams', record: { ...stream, status, finishedAt } }
  }
  for (const record of copied) yield { list: 'messages', record }
  for (const record of rows?.messages(ids) ?? []) yield { list: 'messages', record }
  for (const record of rows?.events(ids) ?? []) yield { list: 'events', record }
  for (const record of rows?.decisions(ids) ?? []) yield { list: 'decisions', record }
  for (const record of rows?.grants(ids) ?? []) yield { list: 'grants', record }
  const hashes = new Set(sessions.flatMap(({ files }) => files))
  for (const hash of [...hashes].toSorted()) {
    yield { list: 'files', record: { hash, content: await contentOf(hash, source.files, onNote) } }
  }
}

function ownSession({ id }: SessionRecord, parent: SessionRecord | null, { rows }: Source): RecordIn<'sessions'> {
  const session = rows?.session(id)
  if (!session) throw new TransferError(`The session ${id} is gone.`)
  const parentId = parent?.origin === 'HERMES' ? copyId(parent) : session.parentId
  return sessionForm(session, { parentId, key: session.key, files: rows?.files(id) ?? [] })
}

function unfinished(streamId: string): TransferError {
  return new TransferError(
    `An answer is being made in this conversation, or waits for its turn (${streamId}). Wait for its end, or stop it; ` +
      'after a crash start Segue once, which ends what was cut off.',
  )
}

async function contentOf(hash: string, files: FileStore, onNote: (note: string) => void): Promise<string | null> {
  const bytes = await files.read(hash)
  if (!bytes) onNote(`The file ${hash} is not there any more: the export has it by its name alone.`)
  else if (createHash('sha256').update(bytes).digest('hex') !== hash) {
    onNote(`The file ${hash} is damaged: the export has it by its name alone.`)
  } else if (bytes.length > largestFile) {
    throw new TransferError(`The file ${hash} is larger than 128 MiB, the most that an export can hold.`)
  } else return bytes.toString('base64')
  return null
}

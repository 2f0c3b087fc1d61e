import { createHash } from 'node:crypto'
import { parseIdKind } from '../lib/ids.ts'
import type { BlobStore } from '../storage/blob-store.ts'
import type { MessageRecord } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import { continuesSession } from '../model/lineage.ts'
import type { DocumentRecord, SectionRecord } from './document-schema.ts'
import { toSegueId, convertHermesSession } from './convert-hermes-session.ts'
import { toDocumentSession } from './document-session.ts'
import type { ExportSource } from './export-source.ts'
import { TransferError } from './transfer-error.ts'

/** What a string of base64 can hold is not much more. */
const maxFileBytes = 128 * 1024 * 1024 // bytes

export interface ExportOptions {
  readonly source: ExportSource
  /** All of the conversation. */
  readonly segments: readonly SessionRecord[]
  /** Is told what is missing from the export, a sentence each. */
  readonly onNote: (note: string) => void
}

/**
 * Everything that a document holds of a conversation, in its order. Sessions of Hermes come as they would be kept here.
 * Throws a `TransferError` while an answer is being made in one of them, or waits.
 */
export async function* exportRecords({ source, segments, onNote }: ExportOptions): AsyncGenerator<DocumentRecord> {
  const { segueReader, hermesSessions } = source
  const sessions: SectionRecord<'sessions'>[] = []
  const hermesMessages: MessageRecord[] = []
  for (const segment of segments) {
    const parent = segments.find((other) => continuesSession(segment, other)) ?? null
    if (segment.origin === 'SEGUE') sessions.push(exportSegueSession(segment, parent, source))
    else if (hermesSessions) {
      const converted = await convertHermesSession(segment, parent, hermesSessions)
      sessions.push(converted.session)
      hermesMessages.push(...converted.messages)
    }
  }
  for (const { id, parentId, origin } of segments) {
    if (origin === 'HERMES' || parentId === null || parseIdKind(parentId) !== null) continue
    if (!(await source.findSession(parentId))) {
      onNote(`The session ${parentId} of Hermes, from which ${id} goes on, can't be read: it is not in the export.`)
    }
  }
  sessions.sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1))
  const ids = sessions.map(({ id }) => id)

  for (const record of sessions) yield { list: 'sessions', record }
  for (const { status, finishedAt, ...stream } of segueReader?.readStreams(ids) ?? []) {
    const isFinished = status !== 'QUEUED' && status !== 'RUNNING' && status !== 'WAITING'
    if (!isFinished || finishedAt === null) throw unfinishedStreamError(stream.id)
    yield { list: 'streams', record: { ...stream, status, finishedAt } }
  }
  for (const record of hermesMessages) yield { list: 'messages', record }
  for (const record of segueReader?.readMessages(ids) ?? []) yield { list: 'messages', record }
  for (const record of segueReader?.readEvents(ids) ?? []) yield { list: 'events', record }
  for (const record of segueReader?.readDecisions(ids) ?? []) yield { list: 'decisions', record }
  for (const record of segueReader?.listGrants(ids) ?? []) yield { list: 'grants', record }
  const hashes = new Set(sessions.flatMap(({ files }) => files))
  for (const hash of [...hashes].toSorted()) {
    yield { list: 'files', record: { hash, content: await readFileContent(hash, source.blobs, onNote) } }
  }
}

function exportSegueSession(
  { id }: SessionRecord,
  parent: SessionRecord | null,
  { segueReader }: ExportSource,
): SectionRecord<'sessions'> {
  const session = segueReader?.findSession(id)
  if (!session) throw new TransferError(`The session ${id} is gone.`)
  return toDocumentSession(session, {
    parentId: exportParentId(session, parent),
    key: session.key,
    files: segueReader?.listBlobHashes(id) ?? [],
  })
}

/** The session that it continues, or the id of a Hermes session that may be readable again later. */
function exportParentId({ parentId }: SessionRecord, parent: SessionRecord | null): string | null {
  if (parent) return parent.origin === 'HERMES' ? toSegueId(parent) : parent.id
  const isSegueSession = parentId !== null && parseIdKind(parentId) !== null
  return isSegueSession ? null : parentId
}

function unfinishedStreamError(streamId: string): TransferError {
  return new TransferError(
    `An answer is being made in this conversation, or waits for its turn (${streamId}). Wait for its end, or stop it; ` +
      'after a crash start Segue once, which ends what was cut off.',
  )
}

async function readFileContent(hash: string, blobs: BlobStore, onNote: (note: string) => void): Promise<string | null> {
  const bytes = await blobs.get(hash)
  if (!bytes) onNote(`The file ${hash} is not there any more: the export has it by its name alone.`)
  else if (createHash('sha256').update(bytes).digest('hex') !== hash) {
    onNote(`The file ${hash} is damaged: the export has it by its name alone.`)
  } else if (bytes.length > maxFileBytes) {
    throw new TransferError(`The file ${hash} is larger than 128 MiB, the most that an export can hold.`)
  } else return bytes.toString('base64')
  return null
}

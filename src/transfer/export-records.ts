import { createHash } from 'node:crypto'
import { parseIdKind } from '../lib/ids.ts'
import { continuesSession } from '../model/conversation/lineage.ts'
import type { ContextCheckpoint } from '../model/context/context-checkpoint.ts'
import type { MessageRecord } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type { BlobStore } from '../storage/blob-store.ts'
import { convertHermesSession, toConvertedSessionId } from './convert-hermes-session.ts'
import type { SectionedExportRecord, ExportSectionRecord } from './document/document-schema.ts'
import { toExportDocumentSession } from './document/to-export-document-session.ts'
import { convertSummaryReferences } from './convert-summary-references.ts'
import type { ReadOnlyProfile } from './read-only-profile.ts'
import { ExportImportError } from './export-import-error.ts'

/** A string cannot hold much more in base64. */
const maxFileBytes = 128 * 1024 * 1024 // bytes

export interface ExportOptions {
  readonly source: ReadOnlyProfile
  /** All sessions of the conversation, the root first. */
  readonly sessions: readonly SessionRecord[]
  /** Called with a sentence for each thing that the export lacks. */
  readonly onNote: (note: string) => void
}

/**
 * Yields all records of a conversation in document order. Hermes sessions are converted to Segue sessions. Throws a
 * `ExportImportError` if a stream is not finished.
 */
export async function* exportRecords(options: ExportOptions): AsyncGenerator<SectionedExportRecord> {
  const { segueReader, blobs } = options.source
  const { sessions, hermesMessages, convertedIds } = await exportSessions(options)
  await noteUnreadableParents(options)
  const ids = sessions.map(({ id }) => id)
  const settings = await loadSettings(options)
  for (const record of sessions) yield { section: 'sessions', record: { ...record, ...settings } }
  for await (const stream of segueReader?.readStreams(ids) ?? []) {
    const { status, finishedAt } = stream
    const isFinished = status !== 'QUEUED' && status !== 'RUNNING' && status !== 'WAITING'
    if (!isFinished || finishedAt === null) throw newUnfinishedStreamError(stream.id)
    yield { section: 'streams', record: { ...stream, status, finishedAt } }
  }
  for (const record of hermesMessages) yield { section: 'messages', record }
  for await (const message of segueReader?.readMessages(ids) ?? [])
    yield { section: 'messages', record: convertMessage(message, convertedIds) }
  for await (const record of segueReader?.readEvents(ids) ?? []) yield { section: 'events', record }
  for await (const record of segueReader?.readDecisions(ids) ?? []) yield { section: 'decisions', record }
  for (const record of (await segueReader?.listApprovalRules(ids)) ?? []) yield { section: 'grants', record }
  const hashes = new Set(sessions.flatMap(({ files }) => files))
  for (const hash of [...hashes].toSorted()) {
    yield { section: 'files', record: { hash, content: await readFileContent(hash, blobs, options.onNote) } }
  }
}

type ExportDocumentCheckpoint = NonNullable<ExportSectionRecord<'sessions'>['checkpoint']>

interface ExportedSessions {
  /** Ordered by start. */
  readonly sessions: readonly ExportSectionRecord<'sessions'>[]
  readonly hermesMessages: readonly MessageRecord[]
  /** The ids of the Hermes messages in the document, by the ids that they have in Hermes. */
  readonly convertedIds: ReadonlyMap<string, string>
}

async function exportSessions({ source, sessions }: ExportOptions): Promise<ExportedSessions> {
  const exported: ExportSectionRecord<'sessions'>[] = []
  const hermesMessages: MessageRecord[] = []
  const convertedIds = new Map<string, string>()
  const findParent = (session: SessionRecord) => sessions.find((other) => continuesSession(session, other)) ?? null
  const byId = new Map(sessions.map((session) => [session.id, session]))
  // First, because summaries in the sessions of Segue refer to messages of Hermes.
  for (const session of sessions.filter(({ origin }) => origin === 'HERMES')) {
    if (!source.hermesSessions) continue
    const converted = await convertHermesSession(session, findParent(session), source.hermesSessions)
    exported.push(converted.session)
    hermesMessages.push(...converted.messages)
    for (const [hermesId, id] of converted.messageIds) convertedIds.set(hermesId, id)
  }
  for (const session of sessions.filter(({ origin }) => origin === 'SEGUE'))
    exported.push(
      await exportSegueSession(session, {
        root: sessions[0] ?? session,
        parent: findParent(session),
        original: byId.get(session.takesPlaceOf ?? '') ?? null,
        source,
        convertedIds,
      }),
    )
  exported.sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1))
  return { sessions: exported, hermesMessages, convertedIds }
}

/** The settings of the conversation, as each of its sessions has them in the document. */
async function loadSettings({
  source,
  sessions,
}: ExportOptions): Promise<
  Partial<Pick<ExportSectionRecord<'sessions'>, 'pinned' | 'archived'>> & { readonly conversationTitle: string | null }
> {
  const settings = await source.segueReader?.findConversationSettings(sessions.map(({ id }) => id))
  const { title = null, ...flags } = settings ?? {}
  return { ...flags, conversationTitle: title }
}

interface SegueSessionExport {
  /** The root of the conversation. What Hermes has set for it counts where nobody has set it in Segue. */
  readonly root: SessionRecord
  readonly parent: SessionRecord | null
  /** The session whose place it takes. */
  readonly original: SessionRecord | null
  readonly source: ReadOnlyProfile
  readonly convertedIds: ReadonlyMap<string, string>
}

async function exportSegueSession(
  { id }: SessionRecord,
  { root, parent, original, source: { segueReader }, convertedIds }: SegueSessionExport,
): Promise<ExportSectionRecord<'sessions'>> {
  const session = await segueReader?.findSession(id)
  if (!session) throw new ExportImportError(`The session ${id} was deleted. Export the conversation again.`)
  const checkpoint = await segueReader?.findContextCheckpoint(id)
  const takesPlaceOf = exportSessionId(session.takesPlaceOf, original)
  const { pinned, archived } = root
  return toExportDocumentSession(
    { ...session, pinned, archived },
    {
      parentId: exportSessionId(session.parentId, parent),
      ...(session.retryOf !== null && { retryOf: convertedIds.get(session.retryOf) ?? session.retryOf }),
      ...(takesPlaceOf !== null && { takesPlaceOf }),
      key: session.key,
      files: (await segueReader?.listBlobHashes(id)) ?? [],
      ...(checkpoint && { checkpoint: toExportDocumentCheckpoint(checkpoint, convertedIds) }),
    },
  )
}

function toExportDocumentCheckpoint(
  { summary, model, usage, createdAt }: ContextCheckpoint,
  convertedIds: ReadonlyMap<string, string>,
): ExportDocumentCheckpoint {
  return { summary: convertSummaryReferences(summary, convertedIds), model, usage, createdAt }
}

function convertMessage(message: MessageRecord, convertedIds: ReadonlyMap<string, string>): MessageRecord {
  const { summaryContext, copyOf, turnId } = message
  return {
    ...message,
    ...(summaryContext && { summaryContext: convertSummaryReferences(summaryContext, convertedIds) }),
    ...(copyOf !== undefined && { copyOf: convertedIds.get(copyOf) ?? copyOf }),
    ...(turnId !== undefined && { turnId: convertedIds.get(turnId) ?? turnId }),
  }
}

/** The id of another session in the document, or of a Hermes session that may be readable again later. */
function exportSessionId(id: string | null, session: SessionRecord | null): string | null {
  if (session) return session.origin === 'HERMES' ? toConvertedSessionId(session) : session.id
  return id !== null && isHermesId(id) ? id : null
}

async function noteUnreadableParents({ source, sessions, onNote }: ExportOptions): Promise<void> {
  for (const { id, parentId, takesPlaceOf, origin } of sessions) {
    const aboveId = takesPlaceOf ?? parentId
    if (origin === 'HERMES' || aboveId === null || !isHermesId(aboveId)) continue
    if (await source.findSession(aboveId)) continue
    const relation = takesPlaceOf === null ? 'continues' : 'tries a turn again of'
    onNote(`The session ${id} ${relation} the Hermes session ${aboveId}, which cannot be read. The export lacks it.`)
  }
}

function isHermesId(id: string): boolean {
  return parseIdKind(id) === null
}

function newUnfinishedStreamError(streamId: string): ExportImportError {
  return new ExportImportError(
    `The stream ${streamId} is not finished. Wait for its end, or cancel it. After a crash, start Segue once: it ends ` +
      'interrupted streams.',
  )
}

/** Returns the content in base64. Returns null, with a note, if the file is missing or damaged. */
async function readFileContent(hash: string, blobs: BlobStore, onNote: (note: string) => void): Promise<string | null> {
  const bytes = await blobs.get(hash)
  if (!bytes) {
    onNote(`The file ${hash} is missing. The export holds its hash only.`)
    return null
  }
  if (createHash('sha256').update(bytes).digest('hex') !== hash) {
    onNote(`The file ${hash} is damaged. The export holds its hash only.`)
    return null
  }
  if (bytes.length > maxFileBytes)
    throw new ExportImportError(`The file ${hash} is larger than 128 MiB, the limit of an export.`)
  return bytes.toString('base64')
}

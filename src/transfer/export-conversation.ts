import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isReplaceableFile } from '../lib/files/is-replaceable-file.ts'
import type { ResolvedPaths } from '../config/paths.ts'
import { createIdNotFoundError } from '../lib/errors.ts'
import { parseConversationId } from '../model/conversation/conversation-id.ts'
import type { SessionRecord } from '../model/session.ts'
import { exportRecords } from './export-records.ts'
import { serializeExportDocument } from './document/serialize-export-document.ts'
import type { SectionedExportRecord } from './document/document-schema.ts'
import { ReadOnlyProfile } from './read-only-profile.ts'
import { ExportDocumentSummary } from './document/export-document-summary.ts'
import { ExportImportError } from './export-import-error.ts'
import type { Logger } from '../lib/logger.ts'
import type { TransferStorage } from '../storage/transfer/transfer-storage.ts'

export interface ExportRequest {
  readonly paths: ResolvedPaths
  /** The id of a conversation, or of one of its sessions. */
  readonly id: string
  /** The profile to search; null for all profiles. */
  readonly profile: string | null
  /** A path, a stream, or null for `<conversation id>.json` in the working directory. */
  readonly output: string | Writable | null
  /** The folder that relative paths start from. */
  readonly workingDirectory: string
  readonly storage: TransferStorage
  readonly log: Logger
  /** Called with a sentence for each thing that the export lacks. */
  readonly onNote: (note: string) => void
}

export interface ExportResult {
  readonly summary: ExportDocumentSummary
  /** The written file; null if the output was a stream. */
  readonly path: string | null
}

/**
 * Exports a conversation as one JSON document. Reads one snapshot, changes nothing, and works while a server runs. The
 * output file is written at the end, or not at all; an earlier export of its name is replaced. Throws NOT_FOUND, an `ExportImportError`,
 * and as `TransferStorage.openExportReader`.
 */
export async function exportConversation(request: ExportRequest): Promise<ExportResult> {
  const { paths, id, profile, storage, log } = request
  const catalog = storage.openCatalog(paths)
  for (const name of profile === null ? await catalog.listNames() : [profile]) {
    await using source = await ReadOnlyProfile.open({
      profile: name,
      paths: catalog.resolveProfilePaths(name),
      storage,
      log,
    })
    const session = await findSession(id, source)
    if (session) return await writeDocument(session, source, request)
  }
  throw createIdNotFoundError('conversation or session', id)
}

/** Finds a session by its id, or by the id of the conversation whose root it is. */
async function findSession(id: string, source: ReadOnlyProfile): Promise<SessionRecord | null> {
  const session = await source.findSession(id)
  const rootId = parseConversationId(id)
  return session || rootId === null ? session : source.findSession(rootId)
}

async function writeDocument(
  session: SessionRecord,
  source: ReadOnlyProfile,
  request: ExportRequest,
): Promise<ExportResult> {
  const { output, onNote } = request
  const sessions = await source.loadConversation(session)
  const summary = new ExportDocumentSummary()
  const text = serializeExportDocument(tallyRecords(exportRecords({ source, sessions, onNote }), summary))
  try {
    if (output === null || typeof output === 'string')
      return { summary, path: await writeToFile(text, summary, request) }
    await pipeline(Readable.from(text), output, { end: false })
    return { summary, path: null }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error
    throw new ExportImportError(`The export cannot be written (${error.message}).`)
  }
}

/** The beginning of what `serializeExportDocument` writes. */
const isExportDocument = (head: Buffer): boolean => /^\{\s*"format":\s*"segue/.test(head.toString())

async function writeToFile(
  text: AsyncIterable<string>,
  summary: ExportDocumentSummary,
  { output, workingDirectory }: ExportRequest,
): Promise<string> {
  const outputPath = typeof output === 'string' ? resolve(workingDirectory, output) : null
  const temporaryPath = join(
    outputPath === null ? workingDirectory : dirname(outputPath),
    `.segue-export-${process.pid}.part`,
  )
  try {
    await pipeline(Readable.from(text), createWriteStream(temporaryPath, { mode: 0o600, flush: true }))
    // The id of the conversation is known once all sessions are written.
    const path = outputPath ?? resolve(workingDirectory, `${summary.conversationId}.json`)
    if (!(await isReplaceableFile(path, isExportDocument)))
      throw new ExportImportError(`${path} exists and is no export. Name another file. Nothing was written.`)
    await rename(temporaryPath, path)
    return path
  } finally {
    await rm(temporaryPath, { force: true })
  }
}

async function* tallyRecords(
  records: AsyncIterable<SectionedExportRecord>,
  summary: ExportDocumentSummary,
): AsyncGenerator<SectionedExportRecord> {
  for await (const record of records) {
    summary.add(record)
    yield record
  }
}

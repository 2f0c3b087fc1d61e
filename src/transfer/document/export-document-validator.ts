import { createHash } from 'node:crypto'
import { type IdKind, parseIdKind } from '../../lib/ids.ts'
import { stringifyJson } from '../../lib/text/json.ts'
import { listEventBlobHashes, listPartBlobHashes } from '../../model/message-content/blob-url.ts'
import { assertNoParentCycle } from './assert-no-parent-cycle.ts'
import type { SectionedExportRecord, ExportSectionRecord } from './document-schema.ts'
import { ExportImportError } from '../export-import-error.ts'

interface SessionState {
  readonly aboveId: string | null
  readonly location: string
  readonly headSeq: number
  readonly files: ReadonlySet<string>
  /** The seq of the newest event so far. */
  lastSeq: number
}

/**
 * Checks that the records of a document are consistent: all references resolve, every log is complete, every stream is
 * finished, every file has the right content. Takes the records in document order, and keeps little more than their ids.
 */
export class ExportDocumentValidator {
  readonly #sessions = new Map<string, SessionState>()
  readonly #streams = new Set<string>()
  readonly #startedStreams = new Set<string>()
  readonly #finishedStreams = new Set<string>()
  readonly #messages = new Set<string>()
  readonly #decisions = new Set<string>()
  readonly #files = new Set<string>()
  /** The location of the first reference to each record of a later section. */
  readonly #pendingReferences = { message: new Map<string, string>(), decision: new Map<string, string>() }
  readonly #hash = createHash('sha256')
  #location = ''

  /** Throws an `ExportImportError` with the record's location if it is inconsistent with the records before it. */
  add(record: SectionedExportRecord, location: string): void {
    this.#location = location
    this.#hash.update(`${stringifyJson(record.record)}\n`)
    switch (record.section) {
      case 'sessions':
        return this.#addSession(record.record)
      case 'streams':
        return this.#addStream(record.record)
      case 'messages':
        return this.#addMessage(record.record)
      case 'events':
        return this.#addEvent(record.record)
      case 'decisions':
        return this.#addDecision(record.record)
      case 'grants':
        return void this.#requireSession(record.record)
      case 'files':
        return this.#addFile(record.record)
    }
  }

  /**
   * Ends the document. Returns the fingerprint of its records, which does not depend on the formatting of the text.
   * Throws an `ExportImportError` if a record is missing.
   */
  finish(documentLocation: string): string {
    this.#location = documentLocation
    if (this.#sessions.size === 0) this.#fail('The document has no sessions.')
    assertNoParentCycle(this.#sessions)
    for (const [id, location] of this.#pendingReferences.message)
      if (!this.#messages.has(id)) this.#failMissing('message', id, location)
    for (const [id, location] of this.#pendingReferences.decision)
      if (!this.#decisions.has(id)) this.#failMissing('decision', id, location)
    for (const id of this.#streams) {
      if (!this.#startedStreams.has(id)) this.#fail(`The first event of the stream ${id} is missing.`)
      if (!this.#finishedStreams.has(id)) this.#fail(`The last event of the stream ${id} is missing.`)
    }
    for (const [id, { lastSeq, headSeq, files }] of this.#sessions) {
      if (lastSeq !== headSeq)
        this.#fail(`The log of the session ${id} ends with seq ${lastSeq} instead of ${headSeq}.`)
      for (const hash of files)
        if (!this.#files.has(hash)) this.#failMissing('file', hash, `${documentLocation}: session ${id}`)
    }
    return this.#hash.digest('hex')
  }

  #addSession({ id, parentId, takesPlaceOf, headSeq, files }: ExportSectionRecord<'sessions'>): void {
    this.#assertNew('session', this.#sessions, id)
    const aboveId = takesPlaceOf ?? parentId
    this.#sessions.set(id, { aboveId, headSeq, files: new Set(files), lastSeq: 0, location: this.#location })
  }

  #addStream(stream: ExportSectionRecord<'streams'>): void {
    this.#requireSession(stream)
    this.#assertNew('stream', this.#streams, stream.id)
    this.#streams.add(stream.id)
    for (const id of [stream.userMessageId, stream.messageId]) if (id !== null) this.#expectLater('message', id)
  }

  #addMessage(message: ExportSectionRecord<'messages'>): void {
    const session = this.#requireSession(message)
    this.#assertNew('message', this.#messages, message.id)
    this.#messages.add(message.id)
    if (message.streamId !== null) this.#assertKnown('stream', this.#streams, message.streamId)
    if (message.inLog && message.streamId === null) this.#fail('inLog: The message has no stream.')
    for (const hash of message.parts.flatMap(listPartBlobHashes)) this.#assertFileListed(session, hash)
  }

  #addEvent(event: ExportSectionRecord<'events'>): void {
    const session = this.#requireSession(event)
    if (event.seq <= session.lastSeq) this.#fail(`seq: ${event.seq} must be greater than ${session.lastSeq}.`)
    session.lastSeq = event.seq
    if (event.streamId !== null) this.#assertKnown('stream', this.#streams, event.streamId)
    if ('messageId' in event && event.messageId !== null) this.#assertKnown('message', this.#messages, event.messageId)
    for (const hash of listEventBlobHashes(event)) this.#assertFileListed(session, hash)
    if ('decision' in event) this.#expectLater('decision', event.decision.id)
    if (event.type === 'StreamStarted') {
      this.#assertKnown('message', this.#messages, event.userMessageId)
      if (event.streamId !== null) this.#startedStreams.add(event.streamId)
    }
    if (event.type === 'StreamFinished' && event.streamId !== null) {
      this.#assertNew('end of the stream', this.#finishedStreams, event.streamId)
      this.#finishedStreams.add(event.streamId)
    }
  }

  #addDecision(decision: ExportSectionRecord<'decisions'>): void {
    this.#requireSession(decision)
    this.#assertNew(decision.kind, this.#decisions, decision.id)
    this.#decisions.add(decision.id)
    this.#assertKnown('stream', this.#streams, decision.streamId)
    this.#assertKnown('message', this.#messages, decision.messageId)
    if (decision.state === 'PENDING') this.#fail('state: A document cannot contain pending decisions.')
  }

  #addFile({ hash, content }: ExportSectionRecord<'files'>): void {
    if (content !== null && createHash('sha256').update(content, 'base64').digest('hex') !== hash) {
      this.#fail('content: The content does not match the hash.')
    }
    this.#assertNew('file', this.#files, hash)
    this.#files.add(hash)
  }

  #requireSession({ sessionId }: { readonly sessionId: string }): SessionState {
    const session = this.#sessions.get(sessionId)
    return session ?? this.#failMissing('session', sessionId, this.#location)
  }

  #assertFileListed({ files }: SessionState, hash: string | null): void {
    if (hash !== null && !files.has(hash)) this.#failMissing('file', hash, this.#location)
  }

  #assertNew(label: string, known: { has(id: string): boolean }, id: string): void {
    if (known.has(id)) this.#fail(`The ${label} ${id} occurs twice.`)
    const kind = idKindByLabel.get(label)
    // The kind in an id decides where the id is looked up.
    if (kind && parseIdKind(id) !== kind) this.#fail(`id: ${JSON.stringify(id)} is not the id of a ${label}.`)
  }

  #assertKnown(label: string, known: ReadonlySet<string>, id: string): void {
    if (!known.has(id)) this.#failMissing(label, id, this.#location)
  }

  #expectLater(label: 'message' | 'decision', id: string): void {
    if (!this.#pendingReferences[label].has(id)) this.#pendingReferences[label].set(id, this.#location)
  }

  #failMissing(label: string, id: string, location: string): never {
    throw new ExportImportError(`${location}: There is no ${label} ${id} in the document.`)
  }

  #fail(reason: string): never {
    throw new ExportImportError(`${this.#location}: ${reason}`)
  }
}

const idKindByLabel: ReadonlyMap<string, IdKind> = new Map(
  (['session', 'stream', 'message', 'approval', 'clarification'] as const).map((kind) => [kind, kind]),
)

import { createHash } from 'node:crypto'
import { type IdKind, kindOfId } from '../lib/ids.ts'
import { keptFileOf } from '../model/records.ts'
import type { Listed, RecordIn } from './document-schema.ts'
import { TransferError } from './transfer-error.ts'

interface SessionSoFar {
  readonly headSeq: number
  readonly files: ReadonlySet<string>
  /** That of its newest event so far. */
  seq: number
}

/**
 * Whether the records of a document belong together: whatever one refers to is there, each log is whole, each answer
 * has its end, each file has its bytes. They are handed over in the order of the document; what was handed over before
 * is known by its id alone.
 */
export class DocumentCheck {
  readonly #sessions = new Map<string, SessionSoFar>()
  readonly #streams = new Set<string>()
  readonly #begun = new Set<string>()
  readonly #ended = new Set<string>()
  readonly #messages = new Set<string>()
  readonly #decisions = new Set<string>()
  readonly #files = new Set<string>()
  /** What something refers to that comes later, and the place where it does. */
  readonly #awaited = { message: new Map<string, string>(), decision: new Map<string, string>() }
  readonly #hash = createHash('sha256')
  #place = ''

  /** Throws a `TransferError` with the record's place when it does not fit to those before it. */
  add(listed: Listed, place: string): void {
    this.#place = place
    this.#hash.update(`${JSON.stringify(listed.record)}\n`)
    switch (listed.list) {
      case 'sessions':
        return this.#session(listed.record)
      case 'streams':
        return this.#stream(listed.record)
      case 'messages':
        return this.#message(listed.record)
      case 'events':
        return this.#event(listed.record)
      case 'decisions':
        return this.#decision(listed.record)
      case 'grants':
        return void this.#sessionOf(listed.record)
      case 'files':
        return this.#file(listed.record)
    }
  }

  /**
   * The document is over. Returns a fingerprint of all its records, which does not depend on how they are written down.
   * Throws a `TransferError` when something is missing; `whole` is the document's place.
   */
  end(whole: string): string {
    this.#place = whole
    if (this.#sessions.size === 0) this.#fail('there is no session in it')
    for (const [id, place] of this.#awaited.message) if (!this.#messages.has(id)) this.#missing('message', id, place)
    for (const [id, place] of this.#awaited.decision) if (!this.#decisions.has(id)) this.#missing('decision', id, place)
    for (const id of this.#streams) {
      if (!this.#begun.has(id)) this.#fail(`the beginning of the stream ${id} is missing among the events`)
      if (!this.#ended.has(id)) this.#fail(`the end of the stream ${id} is missing among the events`)
    }
    for (const [id, { seq, headSeq, files }] of this.#sessions) {
      if (seq !== headSeq) this.#fail(`the log of the session ${id} ends with ${seq} instead of ${headSeq}`)
      for (const hash of files) if (!this.#files.has(hash)) this.#missing('file', hash, `${whole}: session ${id}`)
    }
    return this.#hash.digest('hex')
  }

  #session({ id, headSeq, files }: RecordIn<'sessions'>): void {
    this.#new('session', this.#sessions, id)
    this.#sessions.set(id, { headSeq, files: new Set(files), seq: 0 })
  }

  #stream(stream: RecordIn<'streams'>): void {
    this.#sessionOf(stream)
    this.#new('stream', this.#streams, stream.id)
    this.#streams.add(stream.id)
    for (const id of [stream.userMessageId, stream.messageId]) if (id !== null) this.#await('message', id)
  }

  #message(message: RecordIn<'messages'>): void {
    const session = this.#sessionOf(message)
    this.#new('message', this.#messages, message.id)
    this.#messages.add(message.id)
    if (message.streamId !== null) this.#known('stream', this.#streams, message.streamId)
    if (message.inLog && message.streamId === null) this.#fail('inLog: it has no stream whose log could hold it')
    for (const part of message.parts) this.#fileOf(session, keptFileOf(part))
  }

  #event(event: RecordIn<'events'>): void {
    const session = this.#sessionOf(event)
    if (event.seq <= session.seq) this.#fail(`seq: ${event.seq} comes behind ${session.seq}`)
    session.seq = event.seq
    if (event.streamId !== null) this.#known('stream', this.#streams, event.streamId)
    if ('messageId' in event && event.messageId !== null) this.#known('message', this.#messages, event.messageId)
    if (event.type === 'ToolCallChanged') this.#fileOf(session, event.toolCall.resultFile ?? null)
    if ('decision' in event) this.#await('decision', event.decision.id)
    if (event.type === 'StreamStarted') {
      this.#known('message', this.#messages, event.userMessageId)
      if (event.streamId !== null) this.#begun.add(event.streamId)
    }
    if (event.type === 'StreamFinished' && event.streamId !== null) {
      this.#new('end of the stream', this.#ended, event.streamId)
      this.#ended.add(event.streamId)
    }
  }

  #decision(decision: RecordIn<'decisions'>): void {
    this.#sessionOf(decision)
    this.#new(decision.kind, this.#decisions, decision.id)
    this.#decisions.add(decision.id)
    this.#known('stream', this.#streams, decision.streamId)
    this.#known('message', this.#messages, decision.messageId)
    if (decision.state === 'PENDING') this.#fail('state: nothing waits in a document')
  }

  #file({ hash, content }: RecordIn<'files'>): void {
    if (content !== null && createHash('sha256').update(content, 'base64').digest('hex') !== hash) {
      this.#fail('content: these are not the bytes that belong to its hash')
    }
    this.#new('file', this.#files, hash)
    this.#files.add(hash)
  }

  #sessionOf({ sessionId }: { readonly sessionId: string }): SessionSoFar {
    const session = this.#sessions.get(sessionId)
    return session ?? this.#missing('session', sessionId, this.#place)
  }

  #fileOf({ files }: SessionSoFar, hash: string | null): void {
    if (hash !== null && !files.has(hash)) this.#missing('file', hash, this.#place)
  }

  #new(what: string, known: { has(id: string): boolean }, id: string): void {
    if (known.has(id)) this.#fail(`there are two with the ${what} ${id}`)
    const kind = kinds.get(what)
    // Ids tell where something is looked for.
    if (kind && kindOfId(id) !== kind) this.#fail(`id: ${JSON.stringify(id)} is no id of a ${what}`)
  }

  #known(what: string, known: ReadonlySet<string>, id: string): void {
    if (!known.has(id)) this.#missing(what, id, this.#place)
  }

  #await(what: 'message' | 'decision', id: string): void {
    if (!this.#awaited[what].has(id)) this.#awaited[what].set(id, this.#place)
  }

  #missing(what: string, id: string, place: string): never {
    throw new TransferError(`${place}: there is no ${what} ${id} in the document`)
  }

  #fail(fault: string): never {
    throw new TransferError(`${this.#place}: ${fault}`)
  }
}

const kinds: ReadonlyMap<string, IdKind> = new Map(
  (['session', 'stream', 'message', 'approval', 'clarification'] as const).map((kind) => [kind, kind]),
)

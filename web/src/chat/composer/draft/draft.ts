import { SegueError, type UploadedFile, type UploadOptions } from 'segue-client'
import { strings } from '../../../strings/strings.ts'
import { findFileProblem, type MessageLimits } from '../files/file-limits.ts'
import {
  type DraftFile,
  type DraftState,
  emptyDraft,
  joinTexts,
  type NewChatSettings,
  type OutgoingDraft,
} from './draft-state.ts'
import type { DraftStorage, StoredDraft } from './draft-storage.ts'
import type { UnstoredText } from './unstored-text.ts'
import { createId } from './create-id.ts'

/** An upload can be sent for a day. It is renewed before. */
const uploadLifetimeMs = 20 * 60 * 60 * 1000

/** Codes of errors that the same file causes each time. */
const refusals: ReadonlySet<string> = new Set(['BAD_USER_INPUT', 'TOO_LARGE'])

export interface DraftOptions {
  readonly key: string
  readonly storage: DraftStorage
  readonly upload: (file: Blob, options: UploadOptions) => Promise<UploadedFile>
}

/** What is being written in a chat: it survives a reload of the page, and is kept until the server has accepted it. */
export class Draft {
  readonly #key: string
  readonly #storage: DraftStorage
  readonly #upload: DraftOptions['upload']
  readonly #listeners = new Set<() => void>()
  #state: DraftState = emptyDraft
  /** The message that may have arrived, although nobody knows: sent again unchanged, it is the same call. */
  #unconfirmed: OutgoingDraft | null = null
  /** Null until it is known: files are uploaded then. */
  #profile: string | null = null
  #loading: Promise<void>
  #writing: Promise<void> | null = null
  #hasChanged = false
  /** What was written last is kept in the browser. */
  #isStored = true
  /** Messages on their way that are kept in the browser. */
  #storedOutgoing: readonly OutgoingDraft[] = []
  /** What a page has left that was closed before it was stored. */
  readonly #left: UnstoredText | null
  /** Of the files that this page is uploading, by their ids. */
  readonly #uploads = new Map<string, AbortController>()
  /** The keys of what this page is sending. */
  readonly #taken = new Set<string>()

  constructor({ key, storage, upload }: DraftOptions) {
    this.#key = key
    this.#storage = storage
    this.#upload = upload
    this.#left = storage.readUnstored(key)
    this.#loading = this.#load()
    storage.follow(key, () => void this.#adopt())
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  readonly getSnapshot = (): DraftState => this.#state

  readonly setText = (text: string): void => this.#change({ text })

  readonly setSettings = (settings: NewChatSettings): void => this.#change({ settings })

  /** The profile in which the message is sent. Files that were uploaded in another one are uploaded again. */
  readonly setProfile = (profile: string): void => {
    if (profile === this.#profile) return
    this.#profile = profile
    for (const { id, upload } of this.#state.files) if (upload?.profile !== profile) void this.#uploadFile(id)
  }

  /** Adds files, and uploads those that the server takes. */
  readonly addFiles = (blobs: readonly File[], limits: MessageLimits | null): void => {
    for (const blob of blobs) {
      const { files } = this.#state
      const problem = limits && findFileProblem(blob, files.length, limits)
      const file = { id: createId(), name: blob.name, mediaType: blob.type, upload: null }
      if (problem) this.#change({ files: [...files, { ...file, blob: null, status: 'failed', error: problem }] })
      else {
        this.#change({ files: [...files, { ...file, blob, status: 'uploading', error: null }] })
        void this.#uploadFile(file.id)
      }
    }
  }

  readonly removeFile = (id: string): void => {
    this.#uploads.get(id)?.abort()
    this.#change({ files: this.#state.files.filter((file) => file.id !== id) })
  }

  readonly retryFile = (id: string): void => void this.#uploadFile(id)

  /** Puts text and files before what is written, such as those of a message that was taken back. */
  readonly giveBack = (text: string, files: readonly DraftFile[] = []): void => {
    this.#change({ text: joinTexts(text, this.#state.text), files: [...files, ...this.#state.files] })
  }

  /** Takes out what is written, to send it. It is kept until `settle`. Null if there is nothing to send yet. */
  readonly take = (): OutgoingDraft | null => {
    const { text, files, outgoing } = this.#state
    if (!isReady(this.#state)) return null
    const isSame = this.#unconfirmed !== null && isSameMessage(this.#unconfirmed, { text, files })
    const taken: OutgoingDraft = { key: isSame && this.#unconfirmed ? this.#unconfirmed.key : createId(), text, files }
    this.#unconfirmed = null
    this.#taken.add(taken.key)
    this.#change({ text: '', files: [], outgoing: [...outgoing, taken] })
    return taken
  }

  /** What was taken is accepted, or it is refused and comes back. */
  readonly settle = (taken: OutgoingDraft, error: unknown = null): void => {
    const outgoing = this.#state.outgoing.filter(({ key }) => key !== taken.key)
    if (error === null) return this.#change({ outgoing })
    if (error instanceof SegueError && error.code === 'CONNECTION_LOST') this.#unconfirmed = taken
    const { text, files } = this.#state
    this.#change({ outgoing, text: joinTexts(taken.text, text), files: [...taken.files, ...files] })
  }

  /** What was on its way when the page was closed comes back, unless the server has it by its key. */
  readonly settleLost = (hasArrived: (key: string) => boolean): void => {
    for (const sent of this.#state.outgoing) {
      if (this.#taken.has(sent.key)) continue
      if (hasArrived(sent.key)) this.settle(sent)
      else this.settle(sent, new SegueError('CONNECTION_LOST', ''))
    }
  }

  /** Takes over what another draft has, when its chat turns out to be this one. */
  readonly absorb = (other: Draft): void => {
    const { text, files, outgoing } = other.#state
    this.#change({
      text: joinTexts(this.#state.text, text),
      files: [...this.#state.files, ...files],
      outgoing: [...this.#state.outgoing, ...outgoing],
    })
    this.#unconfirmed ??= other.#unconfirmed
    for (const key of other.#taken) this.#taken.add(key)
    for (const file of files) if (file.status === 'uploading') void this.#uploadFile(file.id)
    other.#show({ ...emptyDraft, isLoaded: other.#state.isLoaded })
    // What is stored elsewhere is kept until it is stored here.
    void this.#loading.then(() => this.#writing).then(() => other.#change({}))
  }

  async #load(): Promise<void> {
    const stored = await this.#storage.read(this.#key)
    const { text, files, settings, outgoing } = this.#state
    const loaded = {
      isLoaded: true,
      text: joinTexts(this.#left?.isWhole ? '' : (stored?.text ?? ''), this.#left?.text ?? '', text),
      files: [...(stored?.files ?? []), ...files],
      settings: { ...stored?.settings, ...settings },
      outgoing: [...(stored?.outgoing ?? []), ...outgoing],
    }
    this.#storedOutgoing = stored?.outgoing ?? []
    // What was only read is not stored again: another window may have written since.
    if (this.#hasChanged) this.#change(loaded)
    else this.#show({ ...this.#state, ...loaded })
    for (const file of stored?.files ?? []) if (!isUsable(file)) void this.#uploadFile(file.id)
  }

  /**
   * Takes over what another window has written, so that neither overwrites the other: both show the newer one. What this
   * window has not stored yet is newer.
   */
  async #adopt(): Promise<void> {
    await this.#loading
    const isNewer = (): boolean => this.#hasChanged || this.#writing !== null || !this.#isStored
    if (isNewer()) return
    const stored = await this.#storage.read(this.#key)
    if (isNewer()) return
    const { text = '', files = [], settings = {}, outgoing = [] } = stored ?? {}
    // The other window sends it.
    for (const { key } of outgoing) this.#taken.add(key)
    const isUploading = [...files, ...this.#state.files].some(({ status }) => status === 'uploading')
    this.#show({ ...this.#state, text, settings, outgoing, files: isUploading ? this.#state.files : files })
  }

  async #uploadFile(id: string): Promise<void> {
    const file = this.#state.files.find((each) => each.id === id)
    if (!file?.blob) return
    const profile = this.#profile
    if (profile === null) return
    this.#changeFile(id, { status: 'uploading', error: null })
    this.#uploads.get(id)?.abort()
    const uploading = new AbortController()
    this.#uploads.set(id, uploading)
    try {
      const uploaded = await this.#upload(file.blob, { name: file.name, profile, signal: uploading.signal })
      if (profile !== this.#profile) return
      this.#changeFile(id, { status: 'ready', upload: { file: uploaded, at: Date.now(), profile } })
    } catch (error) {
      const message = error instanceof Error ? error.message : strings.composer.files.failed
      if (profile !== this.#profile || uploading.signal.aborted) return
      // What the server does not take is not kept, and not tried again.
      const isRefused = error instanceof SegueError && refusals.has(error.code)
      this.#changeFile(id, { status: 'failed', error: message, ...(isRefused && { blob: null }) })
    } finally {
      if (this.#uploads.get(id) === uploading) this.#uploads.delete(id)
    }
  }

  #changeFile(id: string, changes: Partial<DraftFile>): void {
    const files = this.#state.files.map((file) => (file.id === id ? { ...file, ...changes } : file))
    this.#change({ files })
  }

  #change(changes: Partial<DraftState>): void {
    this.#show({ ...this.#state, ...changes })
    this.#hasChanged = true
    if (changes.text !== undefined) this.#keepText()
    if (this.#state.isLoaded) this.#writing ??= this.#write()
  }

  /** At once: the page may be left before the draft is stored. What was taken out to be sent is kept until it is stored. */
  #keepText(): void {
    const { text, outgoing, isLoaded } = this.#state
    if (outgoing.some((sent) => !this.#storedOutgoing.includes(sent))) return
    const before = isLoaded ? null : this.#left
    const kept = { text: joinTexts(before?.text ?? '', text), isWhole: isLoaded || before?.isWhole === true }
    this.#storage.keepUnstored(this.#key, kept)
  }

  #show(state: DraftState): void {
    this.#state = state
    for (const listener of this.#listeners) listener()
  }

  /** Stores what has changed, one write after the other. */
  async #write(): Promise<void> {
    while (this.#hasChanged) {
      this.#hasChanged = false
      const { outgoing } = this.#state
      this.#isStored = await this.#storage.write(this.#key, toStored(this.#state))
      if (!this.#isStored) continue
      this.#storedOutgoing = outgoing
      if (!this.#hasChanged) this.#storage.keepUnstored(this.#key, null)
    }
    this.#writing = null
  }
}

/** Whether there is something to send, and all of its files are uploaded. */
function isReady({ text, files }: DraftState): boolean {
  return (text.trim() !== '' || files.length > 0) && files.every(({ status }) => status === 'ready')
}

function isUsable({ status, upload }: DraftFile): boolean {
  return status === 'ready' && upload !== null && (upload.at === null || Date.now() - upload.at < uploadLifetimeMs)
}

function isSameMessage(sent: OutgoingDraft, { text, files }: Pick<DraftState, 'text' | 'files'>): boolean {
  const urls = (list: readonly DraftFile[]): string => JSON.stringify(list.map(({ upload }) => upload?.file.url))
  return sent.text === text && urls(sent.files) === urls(files)
}

function toStored({ text, files, settings, outgoing }: DraftState): StoredDraft | null {
  const isEmpty = text === '' && files.length === 0 && outgoing.length === 0 && Object.keys(settings).length === 0
  return isEmpty ? null : { text, files, settings, outgoing }
}

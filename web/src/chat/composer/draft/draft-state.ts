import type { UploadedFile } from 'segue-client'

/** A file of a draft. */
export interface DraftFile {
  readonly id: string
  readonly name: string
  readonly mediaType: string
  /** What the person has chosen. Null for a file that a message had, which the server has. */
  readonly blob: Blob | null
  readonly status: 'uploading' | 'ready' | 'failed'
  /** What a message takes. Null until it is uploaded. */
  readonly upload: FileUpload | null
  /** Why it failed, for people. */
  readonly error: string | null
}

export interface FileUpload {
  readonly file: UploadedFile
  /** Epoch milliseconds. An upload can be sent for a day. Null: it belongs to a message, and can always be sent. */
  readonly at: number | null
  /** Where it was uploaded. Null: where the message is. */
  readonly profile: string | null
}

/** What a new chat begins with. What is left out is as the profile says. */
export interface NewChatSettings {
  readonly model?: string
  readonly effort?: string
  readonly instructions?: string
}

/** A message that was sent and is not accepted yet. */
export interface OutgoingDraft {
  /** The idempotency key that it is sent with. */
  readonly key: string
  readonly text: string
  readonly files: readonly DraftFile[]
}

export interface DraftState {
  readonly text: string
  readonly files: readonly DraftFile[]
  readonly settings: NewChatSettings
  readonly outgoing: readonly OutgoingDraft[]
  /** What was stored is read. Before, nothing is known of it. */
  readonly isLoaded: boolean
}

export const emptyDraft: DraftState = { text: '', files: [], settings: {}, outgoing: [], isLoaded: false }

/** Texts one after the other, with a blank line between them. Empty ones are left out. */
export function joinTexts(...texts: readonly string[]): string {
  return texts.filter((text) => text.trim() !== '').join('\n\n')
}

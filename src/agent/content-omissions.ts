/** What requests to a model leave out because its provider refuses it. Each time, a line of text says what was there. */
export interface ContentOmissions {
  /** All images. */
  readonly images: boolean
  /** All files that are neither images nor text, such as PDFs and audio. */
  readonly otherFiles: boolean
  /** Single files, by their keys (`createFileKey`). */
  readonly fileKeys: ReadonlySet<string>
  /** How many images a request may have; the oldest ones are left out. */
  readonly maxImages: number
  /** The state that only the provider can read, with the reasoning that it belongs to. No line stands for it. */
  readonly providerState: boolean
  /** Tool calls and their results: they become text of the assistant. */
  readonly toolCalls: boolean
}

/** Everything is sent. */
export const noOmissions: ContentOmissions = {
  images: false,
  otherFiles: false,
  fileKeys: new Set(),
  maxImages: Number.POSITIVE_INFINITY,
  providerState: false,
  toolCalls: false,
}

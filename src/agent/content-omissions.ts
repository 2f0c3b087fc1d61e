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
  /** System messages: what they say comes before the first words of the user. */
  readonly systemRole: boolean
  /** Efforts that are not asked for. */
  readonly efforts: ReadonlySet<string>
}

/** Everything is sent. */
export const noOmissions: ContentOmissions = {
  images: false,
  otherFiles: false,
  fileKeys: new Set(),
  maxImages: Number.POSITIVE_INFINITY,
  providerState: false,
  toolCalls: false,
  systemRole: false,
  efforts: new Set(),
}

/** What is left out by either of them. */
export function mergeOmissions(omissions: ContentOmissions, more: Partial<ContentOmissions>): ContentOmissions {
  return {
    images: omissions.images || more.images === true,
    otherFiles: omissions.otherFiles || more.otherFiles === true,
    fileKeys: more.fileKeys ? omissions.fileKeys.union(more.fileKeys) : omissions.fileKeys,
    maxImages: Math.min(omissions.maxImages, more.maxImages ?? Number.POSITIVE_INFINITY),
    providerState: omissions.providerState || more.providerState === true,
    toolCalls: omissions.toolCalls || more.toolCalls === true,
    systemRole: omissions.systemRole || more.systemRole === true,
    efforts: more.efforts ? omissions.efforts.union(more.efforts) : omissions.efforts,
  }
}

/** A piece of code with its colours in the light and in the dark theme. */
export type HighlightedToken = readonly [text: string, light: string, dark: string]

export type HighlightedLine = readonly HighlightedToken[]

export interface HighlightRequest {
  readonly id: number
  readonly code: string
  readonly language: string
}

/** `lines` is null if the language is not known, or the code cannot be read. */
export interface HighlightResponse {
  readonly id: number
  readonly lines: readonly HighlightedLine[] | null
}

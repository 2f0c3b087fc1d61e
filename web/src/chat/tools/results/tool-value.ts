import type { ToolResultFile } from 'segue-client/react'

/** A hit of a search: of the web, or of files. */
export interface SearchHit {
  readonly title: string
  /** Null if it is not on the web. */
  readonly url: string | null
  readonly text: string
}

/** A value that a tool was given or returned, as what it is shown as. */
export type ToolValue =
  | { readonly kind: 'text'; readonly text: string }
  /** `label` says what it is, such as `stderr`. */
  | { readonly kind: 'code'; readonly code: string; readonly language: string; readonly label: string | null }
  /** Short values with their names. */
  | { readonly kind: 'fields'; readonly fields: readonly (readonly [name: string, value: string])[] }
  | { readonly kind: 'diff'; readonly diff: string }
  | { readonly kind: 'hits'; readonly hits: readonly SearchHit[] }
  | { readonly kind: 'file'; readonly file: ToolResultFile }
  | { readonly kind: 'error'; readonly text: string }

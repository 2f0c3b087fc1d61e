/** What the page asks of the frame that draws diagrams. */
export interface DiagramRequest {
  readonly id: number
  readonly code: string
  readonly isDark: boolean
}

/** What the frame answers: first, with the id 0, that it is ready. */
export type DiagramResponse =
  | { readonly id: number; readonly svg: string }
  | { readonly id: number; readonly error: string }

/** What a file says, without what is wrong with it. */
export interface ReadInstructions {
  /** Undefined: the file cannot be read, and what it said before still counts. */
  readonly instructions: string | null | undefined
  /** Lines for the log. */
  readonly warnings: readonly string[]
}

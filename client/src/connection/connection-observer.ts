/** Is told what becomes of connections. */
export interface ConnectionObserver {
  /** @param error What a try ended with. Null: something of the server has arrived. */
  report(error: unknown): void
}

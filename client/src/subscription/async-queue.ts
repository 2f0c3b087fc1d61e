/** Values that are pushed by callbacks, as an iteration. */
export class AsyncQueue<Value> {
  readonly #values: Value[] = []
  #end: { readonly error?: unknown } | null = null
  #wake: () => void = () => undefined

  push(value: Value): void {
    this.#values.push(value)
    this.#wake()
  }

  /** Ends the iteration after the values so far, with an error if one is given. Only the first end counts. */
  end(end: { readonly error?: unknown } = {}): void {
    this.#end ??= end
    this.#wake()
  }

  async *iterate(): AsyncGenerator<Value, void> {
    for (;;) {
      while (this.#values.length > 0) yield* this.#values.splice(0)
      if (this.#end && 'error' in this.#end) throw this.#end.error
      if (this.#end) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

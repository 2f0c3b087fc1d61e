export interface IdleTimeoutOptions<T> {
  /** Whether a value restarts the timeout. Default: every value does. */
  readonly isActivity?: (value: T) => boolean
  /** Asked when the timeout is over: whether something else has happened meanwhile, so that it starts again. */
  readonly hasOtherActivity?: () => boolean
}

/**
 * Yields the values of `source`. Fails with the error that `createError` returns when the source yields nothing for
 * `idleTimeoutMs` milliseconds while the consumer waits. Closes the source when the consumer stops early or the timeout
 * fires.
 */
export async function* withIdleTimeout<T>(
  source: AsyncIterable<T>,
  idleTimeoutMs: number,
  createError: (idleTimeoutMs: number) => Error,
  { isActivity = () => true, hasOtherActivity = () => false }: IdleTimeoutOptions<T> = {},
): AsyncGenerator<T, void, void> {
  const iterator = source[Symbol.asyncIterator]()
  let rejectWait: ((error: Error) => void) | null = null
  // One timer for all values: a stream may have thousands a second.
  const timer = setTimeout(() => {
    if (rejectWait === null || hasOtherActivity()) timer.refresh()
    else rejectWait(createError(idleTimeoutMs))
  }, idleTimeoutMs)
  try {
    for (;;) {
      // Not Promise.race: its reactions would pile up on a promise that lives as long as the stream.
      const { value, done } = await new Promise<IteratorResult<T>>((resolve, reject) => {
        rejectWait = reject
        iterator.next().then(resolve, reject)
      })
      rejectWait = null
      if (done) return
      const restarts = isActivity(value)
      yield value
      if (restarts) timer.refresh()
    }
  } finally {
    clearTimeout(timer)
    iterator.return?.().then(undefined, () => undefined)
  }
}

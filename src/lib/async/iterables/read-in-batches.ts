/**
 * Yields the values of `source`, those that have come since the consumer asked last at once. Reads ahead while the consumer is
 * busy, at most `maxBatch` values. Throws the error of the source after the values before it, and closes the source when the
 * consumer stops early.
 */
export async function* readInBatches<T>(
  source: AsyncIterable<T>,
  maxBatch: number,
): AsyncGenerator<readonly T[], void, void> {
  const iterator = source[Symbol.asyncIterator]()
  let batch: T[] = []
  let hasEnded = false
  let arrived = Promise.withResolvers<void>()
  let taken = Promise.withResolvers<void>()
  const readAhead = async (): Promise<void> => {
    try {
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
        batch.push(next.value)
        arrived.resolve()
        if (batch.length >= maxBatch) await taken.promise
      }
    } finally {
      hasEnded = true
      arrived.resolve()
    }
  }
  const ended = readAhead()
  ended.catch(() => undefined)
  try {
    for (;;) {
      await arrived.promise
      const values = batch
      if (values.length === 0) break
      batch = []
      if (!hasEnded) arrived = Promise.withResolvers()
      taken.resolve()
      taken = Promise.withResolvers()
      yield values
    }
    await ended
  } finally {
    iterator.return?.().then(undefined, () => undefined)
  }
}

/**
 * Yields the values of several sources as they arrive. All sources start at once. If one throws, or the consumer stops
 * early, the other sources are closed without waiting for them.
 */
export async function* mergeAsyncIterables<T>(
  sources: readonly AsyncGenerator<T, void, void>[],
): AsyncGenerator<T, void, void> {
  const readNext = async (source: AsyncGenerator<T, void, void>) => ({ source, result: await source.next() })
  const pending = new Map(sources.map((source) => [source, readNext(source)]))
  try {
    while (pending.size > 0) {
      const { source, result } = await Promise.race(pending.values())
      if (result.done) {
        pending.delete(source)
      } else {
        yield result.value
        pending.set(source, readNext(source))
      }
    }
  } finally {
    // A source that is waiting for something closes only after that. Nobody waits for it or handles its errors.
    for (const source of pending.keys()) void source.return().catch(() => undefined)
    for (const next of pending.values()) next.catch(() => undefined)
  }
}

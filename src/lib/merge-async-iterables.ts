/** The values of several sources as they come. When it is left, or one source throws, the others are left as well. */
export async function* merged<T>(sources: readonly AsyncGenerator<T, void, void>[]): AsyncGenerator<T, void, void> {
  const next = async (source: AsyncGenerator<T, void, void>) => ({ source, step: await source.next() })
  const waiting = new Map(sources.map((source) => [source, next(source)]))
  try {
    while (waiting.size > 0) {
      const { source, step } = await Promise.race(waiting.values())
      if (step.done) {
        waiting.delete(source)
      } else {
        yield step.value
        waiting.set(source, next(source))
      }
    }
  } finally {
    // One that is in the middle of something hears of it when that is over: nobody waits for it.
    for (const source of waiting.keys()) void source.return().catch(() => undefined)
    for (const step of waiting.values()) step.catch(() => undefined)
  }
}

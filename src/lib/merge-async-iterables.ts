/** The values of several sources as they come. When it is left, or one source throws, the others are left as well. */
export async function* mergeAsyncIterables<T>(
  sources: readonly AsyncGenerator<T, void, void>[],
): AsyncGenerator<T, void, void> {
  const next = async (source: AsyncGenerator<T, void, void>) => ({ source, step: await source.next() })
  const pending = new Map(sources.map((source) => [source, next(source)]))
  try {
    while (pending.size > 0) {
      const { source, step } = await Promise.race(pending.values())
      if (step.done) {
        pending.delete(source)
      } else {
        yield step.value
        pending.set(source, next(source))
      }
    }
  } finally {
    // One that is in the middle of something hears of it when that is over: nobody waits for it.
    for (const source of pending.keys()) void source.return().catch(() => undefined)
    for (const step of pending.values()) step.catch(() => undefined)
  }
}

import { linkAbortSignals } from '../environment/link-abort-signals.ts'

/**
 * A stream of what a generator yields. The generator's signal is aborted when nobody reads the stream any more, and by
 * `abortSignal`.
 */
export function toReadableStream<Chunk>(
  generate: (signal: AbortSignal) => AsyncGenerator<Chunk, void>,
  abortSignal: AbortSignal | undefined,
): ReadableStream<Chunk> {
  const leaving = new AbortController()
  const unlink = linkAbortSignals(leaving, [abortSignal])
  const chunks = generate(leaving.signal)
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done } = await chunks.next()
        if (!done) return controller.enqueue(value)
        unlink()
        controller.close()
      } catch (error) {
        unlink()
        throw error
      }
    },
    cancel() {
      leaving.abort()
      unlink()
    },
  })
}

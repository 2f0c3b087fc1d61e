const firstWaitMs = 1000
const longestWaitMs = 10_000

/** Loads a part of the app that is needed now: where the server cannot be reached, again and again until it can be. */
export function loadPatiently<Loaded>(load: () => Promise<Loaded>): () => Promise<Loaded> {
  return async () => {
    for (let wait = firstWaitMs; ; wait = Math.min(2 * wait, longestWaitMs)) {
      try {
        return await load()
      } catch {
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }
}

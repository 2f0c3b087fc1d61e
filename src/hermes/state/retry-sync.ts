import { classifyStateFileError } from './hermes-state-file-health.ts'

const lockRetryDelayMs = 20

/** The pause before the next attempt after this error, in milliseconds; null to give up. */
export type StateReadRetryPolicy = (error: unknown) => number | null

/**
 * Runs `work` until it returns or the policy gives up, and throws the last error then. It blocks the thread between two
 * attempts. SQLite's own busy timeout is no alternative: a thread that waits in it cannot be terminated.
 */
export function retrySync<T>(work: () => T, policy: StateReadRetryPolicy): T {
  for (;;) {
    try {
      return work()
    } catch (error) {
      const delayMs = policy(error)
      if (delayMs === null) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs)
    }
  }
}

/** Retries while the file is locked, until the timeout has passed. */
export function createHermesLockRetryPolicy(timeoutMs: number): StateReadRetryPolicy {
  const deadline = performance.now() + timeoutMs
  return (error) =>
    classifyStateFileError(error) === 'locked' && performance.now() < deadline ? lockRetryDelayMs : null
}

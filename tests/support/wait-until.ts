import { setTimeout as pause } from 'node:timers/promises'
import { waitLimitMs } from './vitest-limits.ts'

/** Polls until a condition holds for which there is no event. Rejects after 30 s with a description of the state. */
export async function waitUntil(condition: () => boolean, describeState: () => unknown = () => ''): Promise<void> {
  const end = performance.now() + waitLimitMs
  while (!condition()) {
    if (performance.now() > end)
      throw new Error(`The condition did not hold in time: ${JSON.stringify(describeState())}`)
    await pause(5)
  }
}

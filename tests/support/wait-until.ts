import { setTimeout as pause } from 'node:timers/promises'

const timeoutMs = 15_000 // milliseconds

/** Resolves as soon as something holds that nobody announces. Fails after a limit, with what was there instead. */
export async function waitUntil(condition: () => boolean, describeState: () => unknown = () => ''): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > end) throw new Error(`it did not come to hold: ${JSON.stringify(describeState())}`)
    await pause(5)
  }
}

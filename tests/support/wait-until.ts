import { setTimeout as pause } from 'node:timers/promises'

const limit = 15_000 // milliseconds

/** Resolves as soon as something holds that nobody announces. Fails after a limit, with what was there instead. */
export async function until(holds: () => boolean, seen: () => unknown = () => ''): Promise<void> {
  const end = performance.now() + limit
  while (!holds()) {
    if (performance.now() > end) throw new Error(`it did not come to hold: ${JSON.stringify(seen())}`)
    await pause(5)
  }
}

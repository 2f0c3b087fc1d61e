import fc from 'fast-check'
import { test } from 'vitest'
import { anyCommands, anyLongChatCommands } from '../../support/model-based/chat-commands.ts'
import { assertInvariants } from '../../support/model-based/invariants.ts'
import { SimulatedHome } from '../../support/model-based/simulated-home.ts'

/** Sets how long each test goes on, in milliseconds. */
const durationMs = Number(process.env['MODEL_BASED_MS'] ?? 3_000)

test.for([
  ['whatever clients, agents, failing disks and crashes do', anyCommands],
  ['while it is summarised and continued again and again', anyLongChatCommands],
] as const)('the invariants of a chat hold %s', { timeout: durationMs + 240_000 }, async ([, anySequence]) => {
  const property = fc.asyncProperty(anySequence, async (commands) => {
    const home = new SimulatedHome()
    try {
      await fc.asyncModelRun(() => ({ model: {}, real: home }), commands)
      await home.restart(true)
      await home.settle()
      await assertInvariants(home)
    } finally {
      await home.dispose()
    }
  })
  // One sequence at a time, so that a slow machine tries at least one. One that never ends is reported with its seed, and
  // so is one that fails, before the test has taken too long to find a shorter one.
  const end = performance.now() + durationMs
  do await fc.assert(property, { numRuns: 1, timeout: 120_000, interruptAfterTimeLimit: 180_000 })
  while (performance.now() < end)
})

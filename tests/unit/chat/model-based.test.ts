import fc from 'fast-check'
import { test } from 'vitest'
import { anyCommands } from '../../support/model-based/chat-commands.ts'
import { assertInvariants } from '../../support/model-based/invariants.ts'
import { SimulatedHome } from '../../support/model-based/simulated-home.ts'

test(
  'the invariants of a chat hold whatever clients, agents, failing disks and crashes do',
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(anyCommands, async (commands) => {
        const home = new SimulatedHome()
        try {
          await fc.asyncModelRun(() => ({ model: {}, real: home }), commands)
          await home.restart(true)
          await home.settle()
          await assertInvariants(home)
        } finally {
          await home.dispose()
        }
      }),
      { numRuns: 40, interruptAfterTimeLimit: 6_000, markInterruptAsFailure: false },
    )
  },
)

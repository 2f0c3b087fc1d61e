// Has the client library chat through connections that break at random, in Node and in Chromium, more often than the tests
// do: npm run schedules -- --rounds 500 [--seed 1]
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '500' }, seed: { type: 'string', default: '1' } },
})
const root = join(import.meta.dirname, '..')
const env = { ...process.env, SCHEDULE_ROUNDS: values.rounds, SCHEDULE_SEED: values.seed }
const inNode = ['run', 'client/tests/schedules']
const inChromium = ['run', '--config', 'client/tests/chromium/vitest.config.ts', 'chromium-schedules']
for (const args of [inNode, inChromium]) {
  const { status } = spawnSync('vitest', args, { cwd: root, env, stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}

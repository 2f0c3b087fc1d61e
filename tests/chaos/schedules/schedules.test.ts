import { expect, test } from 'vitest'
import { runSchedules } from './run-schedules.ts'

const count = Number(process.env['CHAOS_SCHEDULES'] ?? 6)

/** What happens many times in a hundred schedules. */
const frequentActions = [
  'send QUEUE: QUEUED',
  'send INTERRUPT: RUNNING',
  'send REJECT: SESSION_BUSY',
  'send STEER: joined',
  'edit: edited',
  'move: moved',
  'sendNow: sent',
  'withdraw: withdrawn',
  'stop: CANCELLED',
  'decide: answered 1',
  'markRead: marked',
  'crash: restarted',
]

test(
  'whatever clients do at the same time and whenever the server is killed, each message is applied, answered or taken back once',
  { timeout: 30_000 + count * 3_000, retry: 0 },
  async () => {
    const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
    console.info(
      `Schedules from the seed ${seed}. To repeat them: npm run chaos -- --schedules ${count} --seed ${seed}`,
    )
    const report = await runSchedules({ seed, count })
    console.info(report)
    expect(report.schedules).toBe(count)
    if (count >= 100) expect(Object.keys(report.actions)).toEqual(expect.arrayContaining(frequentActions))
  },
)

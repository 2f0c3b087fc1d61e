import { expect, test, vi } from 'vitest'
import { turnScheduler } from '../../../../src/lib/event-loop/turn-scheduler.ts'
import { transports } from '../../../support/clients/transports.ts'
import { startTestSegue } from '../../../support/server/segue.ts'

test.for(Object.entries(transports))(
  'over %s, a long list yields to the event loop while it is completed',
  async ([, send]) => {
    await using segue = await startTestSegue()
    const mutation = 'mutation { createJob(input: { name: "Often", prompt: "x", schedule: "* * * * *" }) { id } }'
    expect((await transports.http(segue.url, { query: mutation })).errors).toEqual([])
    const mustWait = vi.spyOn(turnScheduler, 'mustWait').mockReturnValue(true)
    const wait = vi.spyOn(turnScheduler, 'wait')
    try {
      const { data, errors } = await send(segue.url, { query: '{ jobs { nextRuns(first: 1000) } }' })
      expect(errors).toEqual([])
      expect(data).toMatchObject({ jobs: [{ nextRuns: expect.toSatisfy((runs: unknown[]) => runs.length === 1000) }] })
      // Each 16 items.
      expect(wait.mock.calls.length).toBeGreaterThanOrEqual(1000 / 16)
    } finally {
      mustWait.mockRestore()
      wait.mockRestore()
    }
  },
)

test.for(Object.entries(transports))('over %s, a large result arrives whole', async ([, send]) => {
  await using segue = await startTestSegue()
  const mutation = 'mutation { createJob(input: { name: "Often", prompt: "x", schedule: "* * * * *" }) { id } }'
  await transports.http(segue.url, { query: mutation })
  const aliases = Array.from({ length: 8 }, (_, index) => `n${index}: nextRuns(first: 1000)`).join(' ')
  const { data, errors } = await send(segue.url, { query: `{ jobs { ${aliases} } }`, extensions: { cost: true } })
  expect(errors).toEqual([])
  expect(JSON.stringify(data).match(/Z"/g)).toHaveLength(8000)
})

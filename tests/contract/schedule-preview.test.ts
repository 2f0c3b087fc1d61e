import { expect, test } from 'vitest'
import { readingTransports } from './support/clients.ts'
import { ask, expectRefusal } from './support/typed-client.ts'
import { CreateJobDocument, SchedulePreviewDocument } from './generated/graphql.ts'
import { loadJob, newJob } from './support/job.ts'
import { newTestEnvironment } from './support/test-environment.ts'

const timezone = 'Europe/Berlin'

test.each(readingTransports)(
  'A preview of a schedule, over %s, has the due times of a job that is made then',
  async (transport) => {
    await using environment = await newTestEnvironment('http')
    await using client = environment.connect(transport)
    for (const schedule of ['0 9 * * 1-5', '30 0 9 29 2 *', '@daily', '2126-01-31T09:00:00+01:00']) {
      const job = await newJob(environment.client, { schedule, timezone })
      const { nextRuns } = await loadJob(environment.client, job.id)
      const { schedulePreview } = await ask(client, SchedulePreviewDocument, { schedule, timezone, first: 3 })
      expect(schedulePreview).toEqual(nextRuns)
    }
  },
)

test('A preview counts "every" and "in" from now', async () => {
  await using environment = await newTestEnvironment('http')
  const before = Date.now()
  const preview = async (schedule: string, first?: number) =>
    (await ask(environment.client, SchedulePreviewDocument, { schedule, ...(first && { first }) })).schedulePreview
  const every = (await preview(' EVERY  90m ')).map((time) => Date.parse(time))
  expect(every).toHaveLength(5)
  expect(every.map((time) => time - (every[0] ?? 0))).toEqual([0, 1, 2, 3, 4].map((count) => count * 90 * 60_000))
  expect(every[0]).toBeGreaterThanOrEqual(before + 90 * 60_000)
  expect(every[0]).toBeLessThanOrEqual(Date.now() + 90 * 60_000)
  expect(await preview('in 2h', 100)).toHaveLength(1)
  expect(await preview('every 1s', 100)).toHaveLength(100)
})

test('A preview is refused with the message of createJob, and the path of its own argument', async () => {
  await using environment = await newTestEnvironment('http')
  const job = { name: 'Birds', prompt: 'Hello' }
  const invalid: [schedule: string, timezone: string][] = [
    ['30m', 'UTC'],
    ['', 'UTC'],
    ['x'.repeat(201), 'UTC'],
    ['0 9 30 2 *', 'UTC'],
    ['2001-01-01T00:00:00Z', 'UTC'],
    ['60 * * * *', 'UTC'],
    ['every 1.5h', 'UTC'],
    ['@daily', 'Europe/Nowhere'],
  ]
  for (const [schedule, zone] of invalid) {
    const variables = { schedule, timezone: zone }
    const refusal = await expectRefusal(environment.client, CreateJobDocument, { ...job, ...variables })
    const argument = zone === 'UTC' ? 'schedule' : 'timezone'
    expect(refusal).toMatchObject({ path: ['input', argument] })
    const previewed = await expectRefusal(environment.client, SchedulePreviewDocument, variables)
    expect(previewed).toEqual({ ...refusal, path: [argument] })
  }
  const tooMany = await expectRefusal(environment.client, SchedulePreviewDocument, { schedule: '@daily', first: 101 })
  expect(tooMany).toMatchObject({ code: 'BAD_USER_INPUT', path: ['first'] })
})

import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { EventStream } from '../../support/clients/event-stream.ts'
import {
  type CronFields,
  formatResponseDocument,
  HermesCron,
  newHermesJob,
  readOwnExecutionOwner,
} from '../../support/hermes/hermes-cron.ts'
import { loadHermesState, newHermesHome, startHermesServer, takeoverMs } from '../../support/postgres/hermes-servers.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { ask, request } from '../../support/server/graphql-request.ts'
import type { ServerProcess } from '../../support/server/server-process.ts'

const counts = { input_tokens: 100, output_tokens: 20 }

/** A Hermes home with a job that has two runs, and with two sessions that have used something. */
function createHermesHome() {
  const { folder, hermes } = newHermesHome()
  const day = Date.parse('2026-11-22') / 1000
  const session = { ...counts, started_at: day, last_activity_at: day + 60, model: 'gpt-5' }
  hermes.addSession('chat', { ...session, estimated_cost_usd: 0.5 })
  hermes.addMessage('chat', day + 1, { content: 'Hello' })
  hermes.addSession('cron_birds_20261122_100002', { ...session, started_at: day + 36_002, source: 'cron' })
  const cron = new HermesCron(folder)
  cron.writeCombined([newHermesJob({ id: 'birds' })])
  cron.writeExecutions([newRun('one', '10'), newRun('two', '11', { status: 'failed', error: 'ValueError: no' })])
  cron.writeOutput('birds', '2026-11-22_10-00-07', formatResponseDocument('The larks.'))
  return { folder, hermes, cron }
}

function newRun(id: string, hour: string, fields: CronFields = {}): CronFields {
  const at = (second: string) => `2026-11-22T${hour}:00:${second}.000001+00:00`
  return {
    ...{ id, job_id: 'birds', claimed_at: at('00'), started_at: at('01'), finished_at: at('09') },
    ...fields,
  }
}

const jobsQuery = `{
  jobs { id origin name state lastRun { id } runs { edges { node { id status output error session { id } } } } }
  job(id: "birds") { name }
  node(id: "birds:one") { id }
}`

const usageQuery = `{ usage(from: "2026-11-22T00:00:00Z", to: "2026-11-23T00:00:00Z", groupBy: SESSION) {
  group answers usage { inputTokens outputTokens cost { amount } }
} }`

const read = ({ url }: ServerProcess, query: string) => ask(url, z.unknown(), { query })

async function readFailure({ url }: ServerProcess, query: string): Promise<string> {
  const { errors = [] } = await request(url, { query })
  return errors.map(({ message, extensions }) => `${String(extensions?.['code'])}: ${message}`).join('\n')
}

const eventSchema = z.object({
  data: z.object({ jobRuns: z.object({ id: z.string(), status: z.string() }) }),
})

/** The runs that a server tells of, one by one. */
async function followRuns({ url }: ServerProcess): Promise<() => Promise<string>> {
  const stream = await EventStream.open(url, { query: 'subscription { jobRuns { id status } }' })
  onTestFinished(() => stream.destroy())
  return async () => {
    const event = await stream.next()
    const { id, status } = eventSchema.parse(JSON.parse(event?.data ?? 'null')).data.jobRuns
    return `${id} ${status}`
  }
}

test('a process without the files of Hermes shows its jobs and their runs, and those that begin and end', async () => {
  const database = await useTestDatabase()
  const { folder, cron } = createHermesHome()
  const reader = await startHermesServer(database, folder)
  const other = await startHermesServer(database, null)
  await expect.poll(() => loadHermesState(other)).toBe('FOUND')
  const jobs = await read(reader, jobsQuery)
  expect(jobs).toMatchObject({
    jobs: [
      {
        ...{ id: 'birds', origin: 'HERMES', name: 'Birds', state: 'SCHEDULED', lastRun: { id: 'birds:two' } },
        runs: {
          edges: [
            { node: { id: 'birds:two', status: 'ERROR', error: 'ValueError: no' } },
            { node: { status: 'OK', output: 'The larks.', session: { id: 'cron_birds_20261122_100002' } } },
          ],
        },
      },
    ],
    job: { name: 'Birds' },
    node: { id: 'birds:one' },
  })
  expect(await read(other, jobsQuery)).toEqual(jobs)
  expect(await readFailure(other, 'mutation { deleteJob(id: "birds") }')).toContain('JOB_READ_ONLY')

  const now = () => new Date().toISOString()
  const three = { id: 'three', job_id: 'birds', claimed_at: now(), started_at: now() }
  const running = { ...three, ...readOwnExecutionOwner(), status: 'running', finished_at: null }
  cron.writeExecutions([running])
  const next = await followRuns(other)
  expect(await next()).toBe('birds:three RUNNING')
  cron.writeExecutions([{ ...three, finished_at: now() }])
  expect(await next()).toBe('birds:three OK')
}, 60_000)

test('while no process reads Hermes, its jobs are not listed and cannot be read, and those of Segue can', async () => {
  const database = await useTestDatabase()
  const { folder, cron } = createHermesHome()
  const reader = await startHermesServer(database, folder)
  const other = await startHermesServer(database, null)
  const create = `mutation { createJob(input: { name: "Bees", prompt: "Which?", schedule: "every 3h" }) { name } }`
  await read(other, create)
  await expect.poll(async () => JSON.stringify(await read(other, jobsQuery))).toContain('Birds')
  const usage = await read(other, usageQuery)
  const next = await followRuns(other)

  await reader.stop('SIGKILL')
  await expect.poll(() => loadHermesState(other), { timeout: takeoverMs }).toBe('UNREACHABLE')
  const gone = /^STORAGE: The process that reads Hermes is gone\./
  expect(await readFailure(other, '{ job(id: "birds") { name } }')).toMatch(gone)
  expect(await readFailure(other, '{ node(id: "birds:one") { id } }')).toMatch(gone)
  expect(await read(other, '{ jobs { name } node(id: "chat") { id } unknown: node(id: "prf_x") { id } }')).toEqual({
    jobs: [{ name: 'Bees' }],
    node: { id: 'chat' },
    unknown: null,
  })
  expect(await read(other, usageQuery)).toEqual(usage)

  const now = () => new Date().toISOString()
  const four = { id: 'four', job_id: 'birds', claimed_at: now(), started_at: now(), finished_at: now() }
  await startHermesServer(database, folder)
  await expect.poll(() => loadHermesState(other), { timeout: takeoverMs }).toBe('FOUND')
  expect(JSON.stringify(await read(other, jobsQuery))).toContain('Birds')
  cron.writeExecutions([four])
  expect(await next()).toBe('birds:four OK')
}, 90_000)

test('while the process that reads Hermes does not answer, lists and searches have what Segue stores', async () => {
  const database = await useTestDatabase()
  const { folder } = createHermesHome()
  const reader = await startHermesServer(database, folder)
  const other = await startHermesServer(database, null)
  await read(other, 'mutation { createJob(input: { name: "Bees", prompt: "Which?", schedule: "every 3h" }) { name } }')
  await read(other, 'mutation { createSession(input: { title: "Hello again" }) { id } }')
  await expect.poll(async () => JSON.stringify(await read(other, jobsQuery))).toContain('Birds')
  reader.process.kill('SIGSTOP')
  const [jobs, found] = await Promise.all([
    read(other, '{ jobs { name } }'),
    read(other, '{ search(query: "hello") { edges { node { snippet } } } }'),
  ])
  reader.process.kill('SIGCONT')
  expect(jobs).toEqual({ jobs: [{ name: 'Bees' }] })
  expect(found).toEqual({ search: { edges: [{ node: { snippet: 'Hello again' } }] } })
}, 60_000)

test('usage includes what the sessions of Hermes have used, in every process', async () => {
  const database = await useTestDatabase()
  const { folder, hermes } = createHermesHome()
  const reader = await startHermesServer(database, folder)
  const other = await startHermesServer(database, null)
  const usage = {
    usage: [
      { group: 'chat', answers: 1, usage: { inputTokens: 100, outputTokens: 20, cost: { amount: 0.5 } } },
      { group: 'cron_birds_20261122_100002', answers: 0, usage: { inputTokens: 100, outputTokens: 20, cost: null } },
    ],
  }
  expect(await read(reader, usageQuery)).toEqual(usage)
  expect(await read(other, usageQuery)).toEqual(usage)
  const byJob = usageQuery.replace('SESSION', 'JOB')
  expect(await read(other, byJob)).toMatchObject({ usage: [{ group: 'birds', usage: { inputTokens: 100 } }] })

  // A cost that is known later, when nothing else changes.
  hermes.db.prepare(`UPDATE sessions SET estimated_cost_usd = 0.75 WHERE id = 'chat'`).run()
  await expect.poll(async () => JSON.stringify(await read(other, usageQuery))).toContain('0.75')
}, 60_000)

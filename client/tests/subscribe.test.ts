import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { FollowJobRunsDocument, type FollowJobRunsSubscription } from '../../tests/contract/generated/graphql.ts'
import { startTestSegue, type TestSegue } from '../../tests/support/server/segue.ts'
import { startTcpProxy } from '../../tests/support/server/tcp-proxy.ts'
import { catchError, newClient, readUntil, transports } from './support/client.ts'

let segue: TestSegue
beforeAll(async () => {
  segue = await startTestSegue()
})
afterAll(() => segue[Symbol.asyncDispose]())

const createJob = `mutation ($name: String!) {
  createJob(input: { name: $name, prompt: "Hello", schedule: "0 9 1 1 *" }) { id }
}`
const runJob = 'mutation ($id: ID!) { runJob(id: $id) { run { id } } }'

describe.each(transports)('subscribe, over %s,', (transport) => {
  test('yields the data of a typed subscription, and goes on after a loss of the connection', async () => {
    await using proxy = await startTcpProxy(segue.url)
    using direct = newClient({ url: segue.url })
    using client = newClient({ url: proxy.url, transport })
    const { createJob: job } = await direct.request<{ readonly createJob: { readonly id: string } }>(createJob, {
      name: transport,
    })
    const runs = client.subscribe(FollowJobRunsDocument, { jobId: job.id })
    expectTypeOf(runs).toEqualTypeOf<AsyncIterableIterator<FollowJobRunsSubscription>>()
    const isEnd = ({ jobRuns }: FollowJobRunsSubscription): boolean => jobRuns.status === 'OK'
    await direct.request(runJob, { id: job.id })
    const first = await readUntil({ [Symbol.asyncIterator]: () => ({ next: () => runs.next() }) }, isEnd)
    expect(first.at(-1)?.jobRuns.job.id).toBe(job.id)
    const waiting = runs.next()
    proxy.resetConnections()
    // The same variables: what has ended since then comes again.
    expect((await waiting).value?.jobRuns.id).toBe(first.at(-1)?.jobRuns.id)
    await runs.return?.()
  })

  test('is left by its signal, and throws what the server refuses', async () => {
    using client = newClient({ url: segue.url, transport })
    const leave = new AbortController()
    const runs = client.subscribe(FollowJobRunsDocument, {}, { signal: leave.signal })
    leave.abort()
    expect((await runs.next()).done).toBe(true)
    const refused = client.subscribe('subscription { jobRuns(jobId: "job_none") { id } }')
    expect(await catchError(refused.next())).toMatchObject({ name: 'SegueError', code: 'NOT_FOUND' })
  })
})

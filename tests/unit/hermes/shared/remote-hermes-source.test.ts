import { dirname } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { HermesSessionReader } from '../../../../src/hermes/hermes-session-reader.ts'
import { RemoteHermesSource } from '../../../../src/hermes/shared/remote-hermes-source.ts'
import { serveHermesQueries } from '../../../../src/hermes/shared/serve-hermes-queries.ts'
import type { CommandChannel } from '../../../../src/storage/installation/command-channel.ts'
import type { HermesAgentState } from '../../../../src/storage/installation/hermes-index.ts'
import { formatResponseDocument, HermesCron, newHermesJob } from '../../../support/hermes/hermes-cron.ts'
import { newDb } from '../../../support/hermes/hermes-fixtures.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'

/** More than half of what an answer may have. */
const longText = 'a'.repeat(3_000_000)

/** A process that reads a Hermes home, and what another process reads through it. */
function newRemoteSource(agent: HermesAgentState | null = { reader: 1, status: { state: 'FOUND', error: null } }) {
  const hermes = newDb()
  const log = new RecordingLogger()
  const reader = new HermesSessionReader({ path: hermes.path, profile: 'default', log })
  onTestFinished(() => reader.close())
  const answers: string[] = []
  let execute: ((text: string) => Promise<string>) | null = null
  const commands: Pick<CommandChannel, 'serve' | 'send'> = {
    serve: (_, executor) => void (execute = executor),
    send: async (_, { text }) => {
      const answer = (await execute?.(text)) ?? null
      if (answer !== null) answers.push(answer)
      return answer
    },
  }
  const search = { find: async () => ({ hits: [], searchedUpTo: null }) }
  serveHermesQueries({ commands, findReader: async () => reader, search, log })
  const remote = new RemoteHermesSource({ commands, index: { findAgent: async () => agent } })
  return { hermes, cron: new HermesCron(dirname(hermes.path)), reader, remote, answers }
}

test('what is too long for one answer comes in several: messages, runs, and runs that have ended', async () => {
  const { hermes, cron, reader, remote, answers } = newRemoteSource()
  hermes.addSession('one')
  for (const at of [1, 2, 3, 4]) hermes.addMessage('one', at, { content: `${at} ${longText}` })
  cron.writeCombined([newHermesJob({ id: 'birds' })])
  const ids = ['a', 'b', 'c']
  cron.writeExecutions(ids.map((id) => ({ id, job_id: 'birds', error: `${id} ${longText}`, status: 'failed' })))
  cron.writeOutput('birds', '2026-11-22_13-00-07', formatResponseDocument('The larks.'))

  const page = { after: null, before: null, limit: 10, backwards: false }
  const finished = { finishedAfter: 0, limit: 10, jobId: null }
  for (const [fromRemote, fromFiles] of [
    [await remote.listMessages('one', page), await reader.listMessages('one', page)],
    [await remote.listRuns('birds', page), await reader.jobs.source.listRuns('birds', page)],
    [await remote.listFinishedRuns(finished), await reader.jobs.source.listFinishedRuns(finished)],
  ] as const)
    expect(fromRemote).toEqual(fromFiles)
  expect(answers.length).toBe(6)
  expect(Math.max(...answers.map(({ length }) => length))).toBeLessThan(7_500_000)
})

test('everything about jobs is as the process that reads has read it', async () => {
  const { cron, reader, remote } = newRemoteSource()
  cron.writeCombined([newHermesJob({ id: 'birds' })])
  cron.writeExecutions([{ id: 'a', job_id: 'birds' }])
  const { source } = reader.jobs
  expect(await remote.listJobs()).toEqual(await source.listJobs())
  expect(await remote.findJob('birds')).toMatchObject({ id: 'birds', name: 'Birds' })
  expect(await remote.findJob('bees')).toBeNull()
  expect(await remote.findRun('birds:a')).toEqual(await source.findRun('birds:a'))
  expect(await remote.findRuns(['birds:a', 'birds:b'])).toEqual(await source.findRuns(['birds:a', 'birds:b']))
  expect(await remote.scanRuns(null)).toMatchObject({ source: 'EXECUTIONS', runs: [{ id: 'birds:a' }] })
})

test('without a process that has ever read Hermes, everything is empty; while it is gone, everything is STORAGE', async () => {
  const never = newRemoteSource(null).remote
  expect([await never.listJobs(), await never.findJob('birds'), await never.scanRuns(null)]).toEqual([[], null, null])
  expect(await never.listFinishedRuns({ finishedAfter: 0, limit: 1, jobId: null })).toBeNull()
  const gone = newRemoteSource({ reader: null, status: { state: 'FOUND', error: null } }).remote
  for (const read of [gone.listJobs(), gone.findMessages(['one:1']), gone.scanRuns(null)])
    await expect(read).rejects.toMatchObject({ code: 'STORAGE', message: expect.stringContaining('is gone') })
})

import { expect, onTestFinished, test } from 'vitest'
import { JobRunSlots } from '../../../src/jobs/job-run-slots.ts'
import { startManualJobRun } from '../../../src/jobs/job-state.ts'
import { Scheduler } from '../../../src/jobs/scheduler.ts'
import { startWork } from '../../../src/services/lifecycle/start-work.ts'
import { StorageError } from '../../../src/storage/errors.ts'
import { firstPage } from '../storage/contract/records.ts'
import { openChatFixture, type ScriptedAnswer } from '../../support/fixtures/chats/agent-chats.ts'
import { useDecisionChats, waitForEnd } from '../../support/fixtures/chats/decision-chats.ts'
import { newRunIds, newTestJob } from '../../support/jobs/job-fixtures.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const { newScriptedChats, copyHome } = useDecisionChats()

const endlessAnswer: ScriptedAnswer = async function* ({ signal }) {
  yield { type: 'step', estimatedInputTokens: 1 }
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
}
const shortAnswer: ScriptedAnswer = async function* () {
  yield { type: 'step', estimatedInputTokens: 1 }
  yield { type: 'text', block: '1', text: 'Yes.' }
}

/** Starts the work of a home that a killed server has left with two streams. The end of the first one is refused. */
async function startAfterCrash(error: Error) {
  const before = newScriptedChats(endlessAnswer)
  const [refused, other] = [await before.start('One'), await before.start('Two')]
  const chat = openChatFixture(copyHome(before.home), shortAnswer)
  onTestFinished(async () => {
    chat.profile.changes.orphans.close()
    await scheduler.close()
    await chat[Symbol.asyncDispose]()
  })
  const fault = { isPresent: true }
  chat.hooks.beforeAppend = ({ streams = [] }) => {
    if (fault.isPresent && streams.some(({ id }) => id === refused.id)) throw error
  }
  const log = new RecordingLogger()
  const { jobs } = chat.profile
  const scheduler = new Scheduler({
    store: jobs,
    slots: new JobRunSlots(1),
    log,
    run: async () => expect.fail('No job is due.'),
  })
  await startWork({ chats: chat.chats, scheduler, profile: chat.profile }, { log })
  return { ...chat, chat, refused, other, fault, log }
}

const constraintError = new StorageError('CONSTRAINT', new Error('A value is missing.'))

test('a stream that cannot be ended keeps no profile from its start, and is ended later', async () => {
  const { chat, refused, other, fault, log, start, profile } = await startAfterCrash(constraintError)
  expect(log.errors[0]).toBe(constraintError)
  const { eventStore, changes } = profile
  expect(await eventStore.findStream(refused.id)).toMatchObject({ status: 'RUNNING' })
  expect(await eventStore.findStream(other.id)).toMatchObject({ status: 'INTERRUPTED' })
  const next = await start('Are you there?', { sessionId: other.sessionId })
  expect((await waitForEnd(chat, next)).status).toBe('COMPLETED')
  fault.isPresent = false
  changes.orphans.notify()
  expect((await waitForEnd(chat, refused)).status).toBe('INTERRUPTED')
  expect(await eventStore.findStream(next.id)).toMatchObject({ status: 'COMPLETED' })
})

test('a stream that cannot be ended keeps no run of a job RUNNING that a dead process has left', async () => {
  const { profile } = await startAfterCrash(constraintError)
  const { jobs, changes } = profile
  const job = newTestJob(Date.now())
  await jobs.commit({ job })
  await jobs.commit(startManualJobRun(job, Date.now(), newRunIds()))
  changes.orphans.notify()
  await expect.poll(async () => (await jobs.listRuns(job.id, firstPage))[0]?.status).toBe('INTERRUPTED')
})

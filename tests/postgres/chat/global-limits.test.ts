import { expect, test } from 'vitest'
import { MutableLiveValue } from '../../../src/config/reload/live-value.ts'
import type { JobRunOutcome } from '../../../src/jobs/job-state.ts'
import { JobRunSlots } from '../../../src/jobs/job-run-slots.ts'
import { Scheduler } from '../../../src/jobs/scheduler.ts'
import type { SendMessageRequest } from '../../../src/chat/requests/send-message-request.ts'
import type { StreamRecord } from '../../../src/model/stream.ts'
import { IdempotentCalls } from '../../../src/services/idempotent-calls.ts'
import { firstPage } from '../../unit/storage/contract/records.ts'
import { systemClockAndIds } from '../../../src/lib/clock-and-ids.ts'
import { silentLogger } from '../../../src/lib/logger.ts'
import { newChatRequest } from '../../support/fixtures/chat-request.ts'
import type { ScriptedAnswer } from '../../support/fixtures/chats/agent-chats.ts'
import { writeCall } from '../../support/fixtures/chats/decision-chats.ts'
import { newToolbox } from '../../support/fixtures/toolbox.ts'
import { answerWithCalls, newTool, newToolSource } from '../../support/fixtures/tools.ts'
import { newTestJob } from '../../support/jobs/job-fixtures.ts'
import { followUntil, openSeveral, requireAll } from '../../support/postgres/several-processes.ts'
import { openTestInstallation } from '../../support/postgres/test-installation.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'

const maxConcurrent = 2

test('all processes together run as many due jobs at the same time as one may, in all profiles', async () => {
  const url = await useTestDatabase()
  const running = new Set<string>()
  const counts: number[] = []
  const ended = new Set<string>()
  const allEnded = Promise.withResolvers<void>()
  const jobCount = 8
  const schedulers = await Promise.all(
    ['work', 'work', 'home'].map(async (profile) => {
      const { jobs } = (await openTestInstallation(url)).openStorage({ profile })
      const scheduler = new Scheduler({
        store: jobs,
        slots: new JobRunSlots(maxConcurrent),
        log: silentLogger,
        // What waits for others looks again after a second.
        runtime: { ...systemClockAndIds, setTimer: (ms, callback) => systemClockAndIds.setTimer(ms / 50, callback) },
        run: async ({ id }) => {
          running.add(id)
          counts.push(running.size)
          return {
            outcome: new Promise<JobRunOutcome>((resolve) =>
              setTimeout(() => {
                running.delete(id)
                if (ended.add(id).size === jobCount) allEnded.resolve()
                resolve({ status: 'OK', output: 'Done.', error: null })
              }, 30),
            ),
          }
        },
      })
      return { jobs, scheduler }
    }),
  )
  const minuteAgo = Date.now() - 60_000
  const stores = [schedulers[0]?.jobs, schedulers[2]?.jobs]
  for (let index = 0; index < jobCount; index += 1)
    await stores[index % 2]?.commit({ job: newTestJob(minuteAgo, { schedule: 'in 1s', name: `Job ${index}` }) })
  for (const { scheduler } of schedulers) await scheduler.start()
  await allEnded.promise
  await Promise.all(schedulers.map(({ scheduler }) => scheduler.close()))
  expect([counts.length, Math.max(...counts)]).toEqual([jobCount, maxConcurrent])
})

test('the budget of a day counts what answers use that run in other processes', async () => {
  const usage = { inputTokens: 90, outputTokens: 20, cachedInputTokens: 0, reasoningTokens: 0, estimated: false }
  const answer: ScriptedAnswer = async function* ({ signal }) {
    yield { type: 'step', estimatedInputTokens: 1 }
    yield { type: 'text', block: '1', text: 'I think.' }
    yield { type: 'finish', reason: 'TOOL_CALLS' }
    yield { type: 'usage', usage }
    yield { type: 'step', estimatedInputTokens: 1 }
    yield { type: 'text', block: '2', text: 'I think more.' }
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }
  const budgets = { answer: null, day: { tokens: 100, cost: null } }
  const settings = new MutableLiveValue({ autoCompactThreshold: 0, generateTitles: false, budgets })
  const [first, second] = requireAll(await openSeveral(3, answer, { settings }))
  const running = await first.chats.start(newChatRequest({ text: 'Think' }))
  await followUntil(second, running.id, 'StepFinished')
  const { id } = await second.chats.start(newChatRequest({ text: 'Think, too' }))
  const [end] = (await followUntil(second, id, 'StreamFinished')).slice(-1)
  expect(end).toMatchObject({ stream: { status: 'FAILED', error: { code: 'QUOTA' } } })
  expect((await first.chats.findStream(running.id))?.status).toBe('RUNNING')
})

test.each(['SESSION', 'ALWAYS'] as const)(
  'an answer %s covers what waits in other processes, and what is called there later',
  async (decision) => {
    const tool = newTool()
    const toolbox = newToolbox({ source: newToolSource(tool) })
    const [first, second] = requireAll(await openSeveral(3, answerWithCalls(toolbox, writeCall)))
    const streams = [
      await first.chats.start(newChatRequest({ text: 'Write it down' })),
      await second.chats.start(newChatRequest({ text: 'Write it down, too' })),
    ]
    for (const { id } of streams) await followUntil(first, id, 'ApprovalChanged')
    const pending = await first.chats.decisions.list('approval', { isPending: true })
    const here = pending.find(({ streamId }) => streamId === streams[0]?.id)
    const there = pending.find(({ streamId }) => streamId === streams[1]?.id)
    await first.chats.decisions.answerApproval(here?.id ?? '', decision)
    if (decision === 'SESSION') {
      expect(await first.chats.decisions.find(there?.id ?? '')).toMatchObject({ state: 'PENDING' })
      await second.chats.decisions.answerApproval(there?.id ?? '', 'ONCE')
    }
    for (const { id } of streams)
      expect((await followUntil(first, id, 'StreamFinished')).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
    if (decision === 'ALWAYS')
      expect(await first.chats.decisions.find(there?.id ?? '')).toMatchObject({ state: 'ANSWERED', decision: 'ALWAYS' })
    const { sessionId = '' } = streams[0] ?? {}
    const later = await second.chats.start(newChatRequest({ sessionId, text: 'And again' }))
    const events = await followUntil(second, later.id, 'StreamFinished')
    expect(events.some(({ type }) => type === 'ApprovalChanged')).toBe(false)
    expect(tool.runs).toHaveLength(3)
  },
)

test('a call that is repeated with its key in other processes, at the same moment, starts one answer', async () => {
  const answer: ScriptedAnswer = async function* () {
    yield { type: 'step', estimatedInputTokens: 1 }
    yield { type: 'text', block: '1', text: 'Yes.' }
  }
  const processes = await openSeveral(3, answer)
  const [first] = requireAll(processes)
  const start = async (name: string, request: Partial<SendMessageRequest>): Promise<StreamRecord> => {
    const call = { key: name, fingerprint: 'the same', computeLegacyFingerprint: null }
    const [stream, ...others] = await Promise.all(
      processes.map(({ chats, profile }) =>
        new IdempotentCalls(profile.idempotencyKeys).run(call, {
          execute: ({ key }) => chats.start(newChatRequest({ text: name, ...request, idempotencyKey: key })),
          remember: ({ id }) => ({ createdId: id }),
          reload: async ({ createdId }) => (await profile.eventStore.findStream(createdId ?? '')) ?? expect.fail(),
        }),
      ),
    )
    if (!stream) throw new Error('There is no process.')
    expect(others.map(({ id }) => id)).toEqual([stream.id, stream.id])
    await followUntil(first, stream.id, 'StreamFinished')
    return stream
  }
  const { sessionId } = await start('in a new session', {})
  await start('in an idle session', { sessionId, ifBusy: 'QUEUE' })
  const messages = await first.profile.segueSessions.listMessages(sessionId, firstPage)
  expect(messages.map(({ role }) => role)).toEqual(['USER', 'ASSISTANT', 'USER', 'ASSISTANT'])
})

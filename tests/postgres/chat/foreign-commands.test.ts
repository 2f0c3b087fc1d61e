import { expect, test } from 'vitest'
import { JobRunSlots } from '../../../src/jobs/job-run-slots.ts'
import type { JobRunOutcome } from '../../../src/jobs/job-state.ts'
import { Scheduler } from '../../../src/jobs/scheduler.ts'
import { systemClockAndIds } from '../../../src/lib/clock-and-ids.ts'
import type { Conversation } from '../../../src/sessions/conversation.ts'
import { CombinedSessionRepository } from '../../../src/sessions/combined-session-repository.ts'
import { ConversationRepository } from '../../../src/sessions/conversation-repository.ts'
import { silentLogger } from '../../../src/lib/logger.ts'
import { newChatRequest } from '../../support/fixtures/chat-request.ts'
import type { ScriptedAnswer } from '../../support/fixtures/chats/agent-chats.ts'
import { newTestJob } from '../../support/jobs/job-fixtures.ts'
import { openPostgresChats, type PostgresChats } from '../../support/postgres/postgres-chats.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { endlessAnswer, followUntil, openSeveral, requireAll } from '../../support/postgres/several-processes.ts'

test('a queued message is sent at once by another process than the one that runs the answer', async () => {
  const [first, second] = requireAll(await openSeveral(3, endlessAnswer))
  const { id, sessionId } = await first.chats.start(newChatRequest({ text: 'Tell me a story' }))
  await followUntil(second, id, 'TextDelta')
  const queued = await first.chats.start(newChatRequest({ sessionId, text: 'Another one', ifBusy: 'QUEUE' }))
  expect((await second.chats.queueManagement.sendMessage(queued.id)).id).toBe(queued.id)
  expect((await followUntil(second, id, 'StreamFinished')).at(-1)).toMatchObject({ stream: { status: 'CANCELLED' } })
  await followUntil(second, queued.id, 'TextDelta')
  expect((await second.chats.cancel(queued.id)).outcome).toBe('CANCELLED')
})

test('a message joins an answer of another process, and is withdrawn from it', async () => {
  const [first, second] = requireAll(await openSeveral(3, endlessAnswer))
  const { id, sessionId } = await first.chats.start(newChatRequest({ text: 'Tell me a story' }))
  await followUntil(second, id, 'TextDelta')
  const joined = await second.chats.start(newChatRequest({ sessionId, text: 'A short one', ifBusy: 'STEER' }))
  expect([joined.id, typeof joined.joinedAtSeq]).toEqual([id, 'number'])
  const [message] = await second.chats.steering.list(id)
  expect(message?.steering?.state).toBe('PENDING')
  expect((await second.chats.steering.withdraw(message?.id ?? '', null)).steering?.state).toBe('WITHDRAWN')
  await expect(second.chats.steering.withdraw(message?.id ?? '', null)).rejects.toMatchObject({ code: 'STALE' })
  await second.chats.cancel(id)
})

test('a message to another process interrupts an answer', async () => {
  const [first, second] = requireAll(await openSeveral(3, endlessAnswer))
  const { id, sessionId } = await first.chats.start(newChatRequest({ text: 'Tell me a story' }))
  await followUntil(second, id, 'TextDelta')
  const next = await second.chats.start(newChatRequest({ sessionId, text: 'Stop', ifBusy: 'INTERRUPT' }))
  expect((await followUntil(second, id, 'StreamFinished')).at(-1)).toMatchObject({ stream: { status: 'CANCELLED' } })
  await followUntil(second, next.id, 'TextDelta')
  await second.chats.cancel(next.id)
})

test('a question of a tool is answered in another process than the one that runs it', async () => {
  const answer: ScriptedAnswer = async function* (run) {
    yield { type: 'step', estimatedInputTokens: 1 }
    yield { type: 'tool-input', callId: 'call', name: 'ask', text: '{}' }
    yield { type: 'tool-call', callId: 'call', name: 'ask', argumentsText: '{}' }
    const reaction = await run.askUser('call', { question: 'Which one?', choices: [], form: null }, 60_000)
    yield { type: 'tool-result', callId: 'call', result: reaction.type === 'answered' ? reaction.text : reaction.type }
  }
  const [first, second] = requireAll(await openSeveral(3, answer))
  const { id } = await first.chats.start(newChatRequest({ text: 'Ask me' }))
  await followUntil(second, id, 'ClarificationChanged')
  const [question] = await second.chats.decisions.list('clarification', { isPending: true })
  const answered = await second.chats.decisions.answerClarification(question?.id ?? '', { answer: 'The first one' })
  expect(answered).toMatchObject({ state: 'ANSWERED', answer: 'The first one' })
  await followUntil(second, id, 'StreamFinished')
  expect(JSON.stringify((await second.chats.messageQueries.findAnswer(id))?.parts)).toContain('The first one')
})

test('an answer of a process whose clock is ahead can be marked as read in another one', async () => {
  const url = await useTestDatabase()
  const answer: ScriptedAnswer = async function* () {
    yield { type: 'step', estimatedInputTokens: 1 }
    yield { type: 'text', block: '1', text: 'Yes.' }
  }
  const runtime = { ...systemClockAndIds, now: () => Date.now() + 60_000 }
  const first = await openPostgresChats(url, answer, { runtime })
  const second = await openPostgresChats(url, answer)
  const { id, sessionId } = await first.chats.start(newChatRequest({ text: 'Hello' }))
  await followUntil(second, id, 'StreamFinished')
  const conversations = new ConversationRepository(second.profile, new CombinedSessionRepository(second.profile))
  const find = async (): Promise<Conversation> => {
    const sessions = await second.profile.segueSessions.findSessions([sessionId])
    return (await conversations.findBySessions(sessions)).get(sessionId) ?? expect.fail()
  }
  const unread = await find()
  expect(unread.attention).toBe('UNREAD')
  await second.chats.conversationManagement.markRead(unread, unread.lastActivityAt, null)
  expect((await find()).attention).toBe('IDLE')
})

test('a job that runs in one process does not run in another one as well', async () => {
  const [first, second] = requireAll(await openSeveral(3, endlessAnswer))
  const { promise: outcome, resolve: end } = Promise.withResolvers<JobRunOutcome>()
  const schedule = ({ profile: { jobs } }: PostgresChats): Scheduler =>
    new Scheduler({ store: jobs, slots: new JobRunSlots(4), log: silentLogger, run: async () => ({ outcome }) })
  const [here, there] = [schedule(first), schedule(second)]
  const job = newTestJob(Date.now())
  await first.profile.jobs.commit({ job: { ...job, profile: 'work' } })
  const { run, alreadyRunning } = await here.runNow(job.id)
  expect(alreadyRunning).toBe(false)
  expect(await there.runNow(job.id)).toMatchObject({ run: { id: run.id }, alreadyRunning: true })
  end({ status: 'OK', output: 'Done.', error: null })
  await Promise.all([here.close(), there.close()])
  expect(await second.profile.jobs.findRun(run.id)).toMatchObject({ status: 'OK' })
})

import type { ModelMessage } from 'ai'
import { expect } from 'vitest'
import { computeInputBudget } from '../../../src/agent/tokens/input-budget.ts'
import { unscaledTokenCounter } from '../../../src/agent/tokens/token-counter.ts'
import type { MessageRecord } from '../../../src/model/message.ts'
import { toMessageText } from '../../../src/model/message-content/message-text.ts'
import { findOpenAiProblems } from '../fixtures/message-rules.ts'
import type { StoredChats } from '../storage/stored-chat.ts'
import type { SimulatedHome, SimulatedRequest } from './simulated-home.ts'
import { readContextWindow, reservedTokens } from './simulated-models.ts'
import { findMessageNumbers, findSummaryNumbers, summaryTokens } from './simulated-summaries.ts'
import { findNewestSummaries, listChain, type StoredSession } from './stored-summaries.ts'

/** Asserts what must hold of summaries, checkpoints, continuations and requests between two commands. */
export async function assertContextInvariants(home: SimulatedHome, stored: StoredChats): Promise<void> {
  for (const session of stored.sessions) {
    assertContinuation(stored, session)
    assertUsage(stored, session)
  }
  const tokens = stored.sessions.reduce((sum, session) => sum + readUsage(session).inputTokens, 0)
  expect(Math.floor(tokens / summaryTokens)).toBeLessThanOrEqual(home.summaries.requestCount)
  for (const request of home.requests.splice(0)) assertRequest(request, stored)
  for (const session of stored.sessions) {
    const version = toContextVersion(stored, session)
    if (home.checkedContexts.get(session.id) === version) continue
    if (await assertSessionContext(home, session, version)) home.checkedContexts.set(session.id, version)
  }
}

/** All that the context of a session depends on. */
function toContextVersion(stored: StoredChats, session: StoredSession): string {
  const chain = listChain(stored, stored.sessions.find(({ id }) => id === session.id) ?? session)
  return JSON.stringify([chain, stored.checkpoints.map(({ createdAt }) => createdAt)])
}

/** A session that is continued has ended with that, after all its streams, and has one continuation at most: it may be deleted. */
function assertContinuation(stored: StoredChats, session: StoredSession): void {
  const log = stored.events.filter(({ sessionId }) => sessionId === session.id)
  const continuations = stored.sessions.filter((each) => each.parent_session_id === session.id)
  expect(log.filter(({ type }) => type === 'SessionContinued').length).toBe(session.ended_at === null ? 0 : 1)
  if (session.ended_at === null) {
    expect(continuations).toEqual([])
    return
  }
  const last = log.at(-1)
  expect(last?.type).toBe('SessionContinued')
  expect(continuations.length).toBeLessThanOrEqual(1)
  for (const { id } of continuations) expect(last).toMatchObject({ toId: id })
  for (const stream of stored.streams.filter(({ sessionId }) => sessionId === session.id))
    expect(stream.finishedAt).not.toBeNull()
}

/** What a session has used is what its streams, once they have ended, and its summaries have used. */
function assertUsage(stored: StoredChats, session: StoredSession): void {
  const streams = stored.streams.filter(({ sessionId }) => sessionId === session.id)
  const [ended, active] = [true, false].map((hasEnded) =>
    streams
      .filter(({ finishedAt }) => (finishedAt !== null) === hasEnded)
      .reduce((sum, { usage }) => sum + usage.inputTokens, 0),
  )
  const { inputTokens } = readUsage(session)
  const summaries = (inputTokens - (ended ?? 0)) / summaryTokens
  expect(summaries).toBeGreaterThanOrEqual(0)
  expect(summaries % 1).toBe(0)
  const checkpoint = stored.checkpoints.find(({ sessionId }) => sessionId === session.id)
  // That of a fork or a retry is a copy.
  if (checkpoint && session.forked_from === null && session.retry_of === null)
    expect(inputTokens + (active ?? 0)).toBeGreaterThanOrEqual(checkpoint.usage.inputTokens)
}

function readUsage({ usage }: StoredSession): { readonly inputTokens: number } {
  return JSON.parse(usage)
}

/** A request holds the newest summary, the message that is answered, and is valid and short enough. */
function assertRequest({ model, messages, newestSummaries }: SimulatedRequest, stored: StoredChats): void {
  assertMessages(messages, readContextWindow(model))
  const number = findMessageNumbers(readNewestUserText(messages)).at(-1)
  const answered = stored.messages.filter(
    ({ role, parts }) => role === 'USER' && findMessageNumbers(toMessageText(parts)).includes(number ?? 0),
  )
  const found = answered.map(({ sessionId }) => newestSummaries.get(sessionId) ?? 0)
  if (found.length > 0) expect(readSummaryNumber(messages)).toBeGreaterThanOrEqual(Math.min(...found))
}

/** Whether the context could be compared: not if it has changed meanwhile, as by a crash, after which a queued message starts. */
async function assertSessionContext(home: SimulatedHome, session: StoredSession, version: string): Promise<boolean> {
  const loaded = await home.perform(async (chats) => ({
    messages: await home.loadModelMessages(chats, session.id),
    context: await home.loadContext(session.id),
  }))
  if (loaded === 'crashed' || 'error' in loaded) return false
  if (!loaded.value.context) return true
  const { messages, context } = loaded.value
  const stored = home.readStored()
  if (toContextVersion(stored, session) !== version) return false
  if (messages.length > 0) assertMessages(messages, readContextWindow(session.model))
  expect(findOpenAiProblems(messages)).toEqual([])
  expect(readSummaryNumber(messages)).toBe(findNewestSummaries(stored).get(session.id))

  const own = stored.messages.filter(({ sessionId, withdrawn, position }) => {
    return sessionId === session.id && !withdrawn && position !== null
  })
  const newest = own.findLast(({ role }) => role === 'USER')
  if (newest) {
    expect(findMessageNumbers(readNewestUserText(messages)).at(-1)).toBe(
      findMessageNumbers(toMessageText(newest.parts)).at(-1),
    )
  }
  assertComplete(home, stored, { session, context })
  return true
}

/** Each message of the conversation is in the context once: as it is, or in the summary. */
function assertComplete(
  home: SimulatedHome,
  stored: StoredChats,
  {
    session,
    context,
  }: { session: StoredSession; context: NonNullable<Awaited<ReturnType<SimulatedHome['loadContext']>>> },
): void {
  const chain = listChain(stored, session).toReversed()
  const shown = chain.flatMap(({ id }) => stored.messages.filter(({ sessionId }) => sessionId === id))
  const isPassedOn = ({ role, withdrawn, position }: MessageRecord): boolean =>
    role !== 'SYSTEM' && !withdrawn && position !== null
  const expected = shown.filter(isPassedOn).map(({ id }) => id)
  const verbatim = context.messages.filter(isPassedOn).map(({ id }) => id)
  expect(verbatim).toEqual(expected.slice(expected.length - verbatim.length))
  const summarized = home.summaries.findMessages(context.summary?.text ?? '')
  for (const { id, role, parts } of shown.filter(isPassedOn)) {
    const number = role === 'USER' && findMessageNumbers(toMessageText(parts)).at(-1)
    if (number) expect([id, summarized.has(number)]).toEqual([id, !verbatim.includes(id)])
  }
  // A turn in progress is never summarised.
  const running = stored.streams.filter(({ sessionId, finishedAt }) => sessionId === session.id && finishedAt === null)
  for (const { userMessageId } of running)
    if (expected.includes(userMessageId)) expect(verbatim).toContain(userMessageId)
}

function assertMessages(messages: readonly ModelMessage[], contextWindow: number): void {
  expect(findOpenAiProblems(messages)).toEqual([])
  const tokens = Number.isFinite(contextWindow) ? unscaledTokenCounter.countMessages(messages) : 0
  expect(tokens + reservedTokens).toBeLessThanOrEqual(computeInputBudget({ contextWindow }))
  expect(messages[0]?.role).toBe('user')
}

/** The number of the summary that the messages begin with; 0 without one. */
function readSummaryNumber([first]: readonly ModelMessage[]): number {
  return findSummaryNumbers(JSON.stringify(first?.content ?? ''))[0] ?? 0
}

function readNewestUserText(messages: readonly ModelMessage[]): string {
  return JSON.stringify(messages.findLast(({ role }) => role === 'user')?.content ?? '')
}

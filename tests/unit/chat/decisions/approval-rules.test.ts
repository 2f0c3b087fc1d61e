import { hasRule } from '../../../support/storage/approval-rules.ts'
import { describe, expect, test } from 'vitest'
import { ApprovalPolicy } from '../../../../src/agent/tools/approval-policy.ts'
import { createChatService } from '../../../../src/chat/create-chat-service.ts'
import type { ApprovalDecision } from '../../../../src/model/decision.ts'
import { noUsage } from '../../../../src/model/usage.ts'
import { CombinedSessionRepository } from '../../../../src/sessions/combined-session-repository.ts'
import type { ChatFixture } from '../../../support/fixtures/chats/agent-chats.ts'
import { newChatRequest } from '../../../support/fixtures/chat-request.ts'
import { useDecisionChats, waitForEnd, writeCall } from '../../../support/fixtures/chats/decision-chats.ts'
import { waitForOnlyPending } from '../../../support/fixtures/pending-decisions.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { answerWithCalls, newTool, newToolSource } from '../../../support/fixtures/tools.ts'
import { failingTextGenerator, newResolvedModel } from '../../../support/providers/resolved-model.ts'

const { newChats, restartAfterCrash } = useDecisionChats()

describe('an approval', () => {
  /** Runs a turn, and returns whether its call needed approval. Denies it if so. */
  async function needsApproval(chat: ChatFixture, sessionId: string | null, chats = chat.chats): Promise<boolean> {
    const { id } = await chats.start(newChatRequest({ text: 'Write it.', sessionId }))
    for await (const event of await chats.subscriptions.subscribeToStream(id, 0)) {
      if (event.type !== 'ApprovalChanged' || event.decision.state !== 'PENDING') continue
      await chats.decisions.answerApproval(event.decision.id, 'DENY')
    }
    return (await chat.readLog((await chats.findStream(id))?.sessionId ?? '')).some(
      (event) => event.type === 'ApprovalChanged' && event.streamId === id,
    )
  }

  async function resolveFirstCall(chat: ChatFixture, decision: ApprovalDecision): Promise<string> {
    const stream = await chat.start('Write it.')
    await chat.chats.decisions.answerApproval((await waitForOnlyPending(chat.chats, 'approval')).id, decision)
    await waitForEnd(chat, stream)
    return stream.sessionId
  }

  test('ONCE covers one call: the next one of the tool needs approval again', async () => {
    const chat = newChats([newTool()], [writeCall])
    const sessionId = await resolveFirstCall(chat, 'ONCE')
    expect(await needsApproval(chat, sessionId)).toBe(true)
  })

  test('DENY covers one call', async () => {
    const chat = newChats([newTool()], [writeCall])
    expect(await needsApproval(chat, await resolveFirstCall(chat, 'DENY'))).toBe(true)
  })

  test('for the SESSION covers the tool in that session only', async () => {
    const tool = newTool()
    const chat = newChats([tool, newTool({ name: 'files__delete' })], [writeCall])
    const sessionId = await resolveFirstCall(chat, 'SESSION')
    expect(await needsApproval(chat, sessionId)).toBe(false)
    expect(await needsApproval(chat, sessionId)).toBe(false)
    expect(tool.runs).toHaveLength(3)
    expect(await needsApproval(chat, null)).toBe(true)
    expect(await hasRule(chat.profile.approvalRules, 'files__delete', sessionId)).toBe(false)
    expect(await chat.profile.approvalRules.listAllowedTools()).toEqual([])
  })

  test('for the SESSION covers the continuations of the session, but not its forks', async () => {
    const chat = newChats([newTool()], [writeCall])
    const sessionId = await resolveFirstCall(chat, 'SESSION')
    const last = (
      await chat.profile.segueSessions.listMessages(sessionId, { limit: 1, backwards: true, after: null, before: null })
    )[0]
    const fork = await chat.chats.fork(last?.id ?? '')
    const toolbox = newToolbox({ source: newToolSource(newTool()) })
    const textGenerator = {
      ...failingTextGenerator,
      generateSummary: async () => ({ text: 'They wrote.', usage: noUsage }),
    }
    const chats = createChatService({
      profile: chat.profile,
      sessions: new CombinedSessionRepository(chat.profile),
      models: {
        assertKnown: () => undefined,
        resolve: async () => newResolvedModel({ answer: answerWithCalls(toolbox, writeCall) }, { textGenerator }),
      },
      log: chat.log,
    })
    const next = await chats.compact(sessionId, null)
    expect(next.parentId).toBe(sessionId)
    expect(await needsApproval(chat, next.id, chats)).toBe(false)
    const afterNext = await chats.compact(next.id, null)
    expect(await needsApproval(chat, afterNext.id, chats)).toBe(false)
    expect(await needsApproval(chat, fork.id, chats)).toBe(true)
    await chats.close()
  })

  test('ALWAYS covers all sessions, also after a restart and after its session is deleted', async () => {
    const chat = newChats([newTool()], [writeCall])
    const sessionId = await resolveFirstCall(chat, 'ALWAYS')
    expect(await needsApproval(chat, null)).toBe(false)
    const toolbox = newToolbox({ source: newToolSource(newTool()) })
    const restarted = await restartAfterCrash(chat.home, answerWithCalls(toolbox, writeCall))
    expect(await needsApproval(restarted, null)).toBe(false)
    await restarted.profile.eventStore.deleteSessions([sessionId])
    expect(await restarted.chats.decisions.list('approval', {})).toEqual([])
    expect(await needsApproval(restarted, null)).toBe(false)
    expect(await restarted.profile.approvalRules.listAllowedTools()).toEqual(['files__write'])
  })

  test.each(['SESSION', 'ALWAYS'] as const)('for %s ends when it is revoked', async (decision) => {
    const chat = newChats([newTool()], [writeCall])
    const sessionId = await resolveFirstCall(chat, decision)
    expect(await needsApproval(chat, sessionId)).toBe(false)
    await chat.profile.approvalRules.deleteForTool('files__delete')
    expect(await needsApproval(chat, sessionId)).toBe(false)
    await chat.profile.approvalRules.deleteForTool('files__write')
    expect(await needsApproval(chat, sessionId)).toBe(true)
    expect(await chat.profile.approvalRules.listAllowedTools()).toEqual([])
  })

  test('does not override a rule that denies the tool', async () => {
    const chat = newChats([newTool()], [writeCall])
    const sessionId = await resolveFirstCall(chat, 'ALWAYS')
    const policy = new ApprovalPolicy({ files__write: 'deny' })
    const tool = newTool()
    const strict = await restartAfterCrash(
      chat.home,
      answerWithCalls(newToolbox({ source: newToolSource(tool), policy }), writeCall),
    )
    expect(await needsApproval(strict, sessionId)).toBe(false)
    expect(tool.runs).toEqual([])
  })
})

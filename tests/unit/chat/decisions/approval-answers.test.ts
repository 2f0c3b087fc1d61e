import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../../src/lib/text/json.ts'
import type { ApprovalDecision } from '../../../../src/model/decision.ts'
import type { ApprovalAnswerDetails } from '../../../../src/chat/decisions/decision-answer.ts'
import { toModelMessages } from '../../../../src/chat/context/to-model-messages.ts'
import type { ChatFixture } from '../../../support/fixtures/chats/agent-chats.ts'
import { listStoredCalls, useDecisionChats, waitForEnd } from '../../../support/fixtures/chats/decision-chats.ts'
import { waitForOnlyPending } from '../../../support/fixtures/pending-decisions.ts'
import { newTool, newToolCallRequest, type ScriptedTool } from '../../../support/fixtures/tools.ts'

const { newChats } = useDecisionChats()

const inputSchema: JsonObject = {
  type: 'object',
  properties: { path: { type: 'string' }, size: { type: 'integer' } },
  required: ['path'],
  additionalProperties: false,
}
const argumentsText = '{"path":"/etc"}'
const call = newToolCallRequest('files__write', argumentsText)

interface AnsweredCall {
  readonly chat: ChatFixture
  readonly tool: ScriptedTool
  /** What the model is told about the call. */
  readonly told: unknown
}

/** Answers the approval of one call, and returns what came of it. */
async function answerCall(decision: ApprovalDecision, details: ApprovalAnswerDetails): Promise<AnsweredCall> {
  const tool = newTool({ inputSchema })
  const chat = newChats([tool], [call])
  const stream = await chat.start('Write.')
  await chat.chats.decisions.answerApproval((await waitForOnlyPending(chat.chats, 'approval')).id, decision, details)
  await waitForEnd(chat, stream)
  const answer = await chat.findAnswer(stream.id)
  const messages = toModelMessages(answer ? [answer] : [])
  const results = messages.flatMap((message) => (message.role === 'tool' ? message.content : []))
  const [stored] = await listStoredCalls(chat, stream.id)
  expect(stored?.argumentsText).toBe(argumentsText)
  return { chat, tool, told: results.map((part) => (part.type === 'tool-result' ? part.output : part))[0] }
}

describe('a reason', () => {
  test('is stored, and the model is told it next to the result', async () => {
    const { chat, tool, told } = await answerCall('ONCE', { reason: 'Only this once.' })
    expect(tool.runs).toEqual([{ path: '/etc' }])
    expect(told).toEqual({ type: 'text', value: "The user's note on this call: Only this once.\n\ndone" })
    expect(await chat.chats.decisions.list('approval', {})).toMatchObject([{ reason: 'Only this once.' }])
  })

  test('of a denial is told with the denial', async () => {
    const { tool, told } = await answerCall('DENY', { reason: 'Use the temporary folder \ud83d.' })
    expect(tool.runs).toEqual([])
    expect(told).toEqual({
      type: 'error-text',
      value:
        "The user's note on this call: Use the temporary folder \ufffd.\n\nThe user did not allow this call. It was not run.",
    })
  })

  test('that is blank or null is none', async () => {
    for (const reason of [' \n', null, undefined]) {
      const { chat, told } = await answerCall('ONCE', { reason, arguments: null })
      expect(told).toEqual({ type: 'text', value: 'done' })
      expect((await chat.chats.decisions.list('approval', {}))[0]).not.toHaveProperty('reason')
    }
  })
})

describe('changed arguments', () => {
  test('are what the tool runs with; the log keeps the model’s own, and the model is told both', async () => {
    const changed = { path: '/tmp', size: 12345678901234567890n }
    const { chat, tool, told } = await answerCall('SESSION', { arguments: changed, reason: 'Safer.' })
    expect(tool.runs).toEqual([changed])
    expect(told).toEqual({
      type: 'text',
      value: [
        'The user changed the arguments. The call ran with {"path":"/tmp","size":12345678901234567890}',
        "The user's note on this call: Safer.",
        '',
        'done',
      ].join('\n'),
    })
    expect(await chat.chats.decisions.list('approval', {})).toMatchObject([{ arguments: changed, reason: 'Safer.' }])
  })

  test.each([
    ['the schema does not allow', 'ONCE', { arguments: { path: 7 } }, 'arguments'],
    ['have a property too many', 'ALWAYS', { arguments: { path: '/tmp', other: 1 } }, 'arguments'],
    ['are no object', 'ONCE', { arguments: 'rm' }, 'arguments'],
    ['come with DENY', 'DENY', { arguments: { path: '/tmp' } }, 'arguments'],
    ['come with a reason that is too long', 'ONCE', { reason: 'x'.repeat(10_001) }, 'reason'],
  ] as const)('that %s are refused, and the approval stays pending', async (_, decision, details, path) => {
    const tool = newTool({ inputSchema })
    const chat = newChats([tool], [call])
    const stream = await chat.start('Write.')
    const { id } = await waitForOnlyPending(chat.chats, 'approval')
    const refused = chat.chats.decisions.answerApproval(id, decision, details)
    await expect(refused).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { path: [path] } })
    expect((await waitForOnlyPending(chat.chats, 'approval')).id).toBe(id)
    await chat.chats.decisions.answerApproval(id, 'ONCE')
    await waitForEnd(chat, stream)
    expect(tool.runs).toEqual([{ path: '/etc' }])
  })
})

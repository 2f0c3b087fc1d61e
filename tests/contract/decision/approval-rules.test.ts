import { describe, expect, test } from 'vitest'
import type { ConditionalApproval } from '../../../src/config/profile/approvals.ts'
import { newTool } from '../../support/fixtures/tools.ts'
import { startSegueWithTools } from '../../support/server/segue-with-tools.ts'
import { followStream, isEventOfType, startChat } from '../support/chat.ts'
import { connect, type Client, transports } from '../support/clients.ts'
import { ask, expectRefusal, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'
import { AnswerApprovalDocument, ApprovalRulesDocument, ForgetApprovalDocument } from '../generated/graphql.ts'

const isApproval = isEventOfType('ApprovalChanged')
const write = (path: string) => `/tool files__write {"path":${JSON.stringify(path)}}`

/** Sends a message that calls a tool. Returns its stream and, if the call asks, the id of the approval. */
async function call(client: Client, text: string, sessionId?: string) {
  const stream = await startChat(client, { text, ...(sessionId !== undefined && { sessionId }) })
  for await (const event of followStream(client, stream.id))
    if (isApproval(event)) return { stream, approvalId: event.approval.id }
  return { stream, approvalId: null }
}

async function waitForEnd(client: Client, streamId: string): Promise<void> {
  await readUntil(followStream(client, streamId), isEventOfType('StreamFinished'))
}

describe.each(transports)('Approval rules, over %s,', (transport) => {
  test('narrow SESSION and ALWAYS to a pattern, are listed, and can be taken back one by one', async () => {
    const tool = newTool({ inputSchema: { type: 'object' } })
    await using segue = await startSegueWithTools([tool])
    await using client = connect(transport, segue.url)
    const listRules = async () =>
      requireNonNull((await ask(client, ApprovalRulesDocument, { profile: 'default' })).profile)
    const first = await call(client, write('notes/a.md'))
    const sessionId = first.stream.session.id
    const id = requireNonNull(first.approvalId)
    for (const wrong of [
      { decision: 'ONCE', pattern: { path: 'notes/*' } },
      { decision: 'DENY', pattern: { path: 'notes/*' } },
      { decision: 'SESSION', pattern: 'notes/*' },
      { decision: 'ALWAYS', pattern: { path: 'x'.repeat(10_000) } },
    ] as const) {
      const refusal = await expectRefusal(client, AnswerApprovalDocument, { id, ...wrong })
      expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT', path: ['pattern'] })
    }
    const ofSession = { id, decision: 'SESSION', pattern: { path: 'notes/*' } } as const
    expect((await mutate(client, AnswerApprovalDocument, ofSession)).answerApproval).toMatchObject(ofSession)
    await waitForEnd(client, first.stream.id)
    expect((await call(client, write('notes/b.md'), sessionId)).approvalId).toBeNull()
    const outside = await call(client, write('notes/../b.md'), sessionId)
    const always = { id: requireNonNull(outside.approvalId), decision: 'ALWAYS', pattern: { path: '*.txt' } } as const
    await mutate(client, AnswerApprovalDocument, always)
    await waitForEnd(client, outside.stream.id)
    expect((await call(client, write('anywhere.txt'))).approvalId).toBeNull()
    const elsewhere = await call(client, write('notes/c.md'))
    await mutate(client, AnswerApprovalDocument, { id: requireNonNull(elsewhere.approvalId), decision: 'DENY' })

    const { approvalRules, allowedTools } = await listRules()
    expect(allowedTools).toEqual([])
    expect(approvalRules).toMatchObject([
      { tool: 'files__write', pattern: { path: '*.txt' }, session: null },
      { tool: 'files__write', pattern: { path: 'notes/*' }, session: { id: sessionId } },
    ])
    const [alwaysRule, sessionRule] = approvalRules
    await mutate(client, ForgetApprovalDocument, { id: requireNonNull(sessionRule).id })
    expect((await listRules()).approvalRules).toEqual([alwaysRule])
    expect((await call(client, write('notes/d.md'), sessionId)).approvalId).not.toBeNull()
  })

  test('are forgotten by exactly one of id and tool', async () => {
    await using segue = await startSegueWithTools([newTool()])
    await using client = connect(transport, segue.url)
    for (const wrong of [{}, { id: 'rul_00000000000000000000000000', tool: 'files__write' }])
      expect(await expectRefusal(client, ForgetApprovalDocument, wrong)).toMatchObject({ code: 'BAD_USER_INPUT' })
    const unknown = { id: 'rul_00000000000000000000000000' }
    expect(await expectRefusal(client, ForgetApprovalDocument, unknown)).toMatchObject({
      code: 'NOT_FOUND',
      message: 'There is no approval rule with the id "rul_00000000000000000000000000".',
    })
    const key = 'forget-once'
    const { approvalId } = await call(client, write('a'))
    await mutate(client, AnswerApprovalDocument, { id: requireNonNull(approvalId), decision: 'ALWAYS' })
    const { profile } = await ask(client, ApprovalRulesDocument, { profile: 'default' })
    const { id } = requireNonNull(profile?.approvalRules[0])
    for (const _ of ['first', 'again'])
      expect((await mutate(client, ForgetApprovalDocument, { id, key })).forgetApproval).toMatchObject({
        name: 'default',
        allowedTools: [],
      })
    expect(await expectRefusal(client, ForgetApprovalDocument, { id })).toMatchObject({ code: 'NOT_FOUND' })
  })

  test('and conditions in config.json decide by the arguments of a call, and cannot be evaded', async () => {
    const tool = newTool({ inputSchema: { type: 'object' } })
    const conditions: readonly ConditionalApproval[] = [
      { condition: { path: '*' }, action: 'allow' },
      { condition: { path: 'secret/*' }, action: 'deny' },
      { condition: { options: { paths: ['a', 'b'] } }, action: 'allow' },
    ]
    await using segue = await startSegueWithTools([tool], { approvals: { files__write: conditions } })
    await using client = connect(transport, segue.url)
    const asks = async (callArguments: object) => {
      const text = `/tool files__write ${JSON.stringify(callArguments)}`
      const { stream, approvalId } = await call(client, text)
      if (approvalId === null) return false
      await mutate(client, AnswerApprovalDocument, { id: approvalId, decision: 'DENY' })
      await waitForEnd(client, stream.id)
      return true
    }
    for (const callArguments of [{ path: 'notes/日記.md' }, { options: { paths: ['a', 'b'] } }, { path: 'secret/a' }])
      expect(await asks(callArguments), JSON.stringify(callArguments)).toBe(false)
    for (const callArguments of [
      { path: 'notes/../secret/a' },
      { path: 'notes\\..\\secret\\a' },
      { path: 'notes/%2e%2e/secret/a' },
      { path: 'notes/．．/secret/a' },
      { path: './Secret/a' },
      { path: ['secret/a'] },
      { options: { paths: ['a', '../b'] } },
      { options: { paths: ['b', 'a'] } },
      {},
    ])
      expect(await asks(callArguments), JSON.stringify(callArguments)).toBe(true)
    expect(tool.runs).toEqual([{ path: 'notes/日記.md' }, { options: { paths: ['a', 'b'] } }])
  })
})

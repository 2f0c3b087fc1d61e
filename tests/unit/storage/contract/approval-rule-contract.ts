import { describe, expect, test } from 'vitest'
import { newId } from '../../../../src/lib/ids.ts'
import { approvalRuleOf, hasRule } from '../../../support/storage/approval-rules.ts'
import { addSession, idempotencyKeyOf, sessionOf } from './records.ts'
import { type OpenStorage, useStorage } from './opened-storage.ts'

/** The rules that people have made by answering approvals. */
export function describeApprovalRuleStore(open: OpenStorage): void {
  const { current } = useStorage(open)

  test('a rule counts in its session or in the whole profile, until it is deleted', async () => {
    const { eventStore, approvalRules, idempotencyKeys } = current()
    const [session, other] = [await addSession(current()), await addSession(current())]
    const look = approvalRuleOf({ sessionId: session.id, tool: 'look', since: 2_000, approvalId: newId('approval') })
    const write = approvalRuleOf({ sessionId: null, tool: 'write' })
    const again = approvalRuleOf({ sessionId: session.id, tool: 'look' })
    await eventStore.append({
      sessionId: session.id,
      expectedHeadSeq: 0,
      events: [],
      approvalRules: [look, again, write],
    })
    expect(await approvalRules.list()).toEqual([look, write])
    expect(await approvalRules.find(look.id)).toEqual(look)
    expect(await approvalRules.find(again.id)).toBeNull()
    expect(await hasRule(approvalRules, 'look', session.id)).toBe(true)
    expect(await hasRule(approvalRules, 'look', other.id)).toBe(false)
    expect(await hasRule(approvalRules, 'write', other.id)).toBe(true)
    expect(await approvalRules.listAllowedTools()).toEqual(['write'])
    expect(await approvalRules.delete(look.id, idempotencyKeyOf('first'))).toBe(true)
    expect(await approvalRules.delete(look.id, idempotencyKeyOf('again'))).toBe(false)
    expect(await idempotencyKeys.find('first')).not.toBeNull()
    expect(await idempotencyKeys.find('again')).toBeNull()
    await approvalRules.deleteForTool('write')
    expect(await approvalRules.list()).toEqual([])
  })

  test('a tool may have rules with different patterns, and is allowed as a whole only by one without', async () => {
    const { eventStore, approvalRules } = current()
    const { id: sessionId } = await addSession(current())
    const rules = [{ path: 'a/*' }, { path: 'b/*' }].map((pattern) =>
      approvalRuleOf({ sessionId: null, tool: 'write', pattern }),
    )
    await eventStore.append({ sessionId, expectedHeadSeq: 0, events: [], approvalRules: rules })
    const patterns = (await approvalRules.listForTool('write', sessionId)).map(({ pattern }) => pattern)
    expect(patterns).toHaveLength(2)
    expect(patterns).toEqual(expect.arrayContaining(rules.map(({ pattern }) => pattern)))
    expect(await approvalRules.listAllowedTools()).toEqual([])
  })

  describe('the rules of a session', () => {
    test('move to the session that continues it', async () => {
      const { eventStore, approvalRules } = current()
      const session = await addSession(current())
      const rule = approvalRuleOf({ sessionId: session.id, tool: 'look' })
      await eventStore.append({ sessionId: session.id, expectedHeadSeq: 0, events: [], approvalRules: [rule] })
      const next = sessionOf()
      await eventStore.createSession({ session: next, messages: [], moveApprovalRulesFrom: session.id })
      expect(await approvalRules.list()).toEqual([{ ...rule, sessionId: next.id }])
    })

    test('are gone when it is deleted', async () => {
      const { eventStore, approvalRules } = current()
      const { id: sessionId } = await addSession(current())
      const rule = approvalRuleOf({ sessionId, tool: 'look' })
      await eventStore.append({ sessionId, expectedHeadSeq: 0, events: [], approvalRules: [rule] })
      await eventStore.deleteSessions([sessionId])
      expect(await approvalRules.list()).toEqual([])
      expect(await approvalRules.find(rule.id)).toBeNull()
    })
  })
}

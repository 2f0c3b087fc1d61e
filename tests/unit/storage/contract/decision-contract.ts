import { expect, test } from 'vitest'
import type { DecisionRecord } from '../../../../src/model/decision.ts'
import { type OpenStorage, useStorage } from './opened-storage.ts'
import { addSession, approvalOf } from './records.ts'

export function describeDecisionStore(open: OpenStorage): void {
  const { current, opened } = useStorage(open)

  const write = (sessionId: string, decisions: readonly DecisionRecord[]): Promise<void> =>
    current().eventStore.append({ sessionId, expectedHeadSeq: 0, events: [], decisions })

  test('decisions are listed in the order of their latest changes', async () => {
    const [session, other] = [await addSession(current()), await addSession(current())]
    const [first, second, third] = [approvalOf(session), approvalOf(session), approvalOf(other)]
    await write(session.id, [first, second])
    await write(other.id, [third])
    const answered = { ...first, state: 'ANSWERED' as const, decision: 'ONCE' as const }
    await write(session.id, [answered])
    const { decisions } = current()
    const list = async (query: object) =>
      (await decisions.listDecisions({ kind: 'approval', limit: 10, ...query })).map(({ decision }) => decision.id)
    expect(await list({})).toEqual([second.id, third.id, first.id])
    expect(await list({ limit: 1 })).toEqual([second.id])
    expect(await list({ limit: 2, preferLatest: true })).toEqual([third.id, first.id])
    expect(await list({ isPending: true })).toEqual([second.id, third.id])
    expect(await list({ isPending: false })).toEqual([first.id])
    expect(await list({ sessionIds: [other.id] })).toEqual([third.id])
    expect(await list({ kind: 'clarification' })).toEqual([])
    expect(await decisions.findDecision(first.id)).toEqual(answered)
    expect(await decisions.findDecision('apr_unknown')).toBeNull()
  })

  test('decisions that were resolved after a time are listed, the newest ones', async () => {
    const session = await addSession(current())
    const resolved = [1, 2, 3].map((resolvedAt) => approvalOf(session, { state: 'ANSWERED', resolvedAt }))
    await write(session.id, [approvalOf(session), ...resolved])
    const { decisions } = current()
    const list = async (query: object) =>
      (await decisions.listResolvedDecisions({ kind: 'approval', resolvedAfter: 0, limit: 10, ...query })).map(
        ({ decision }) => decision.resolvedAt,
      )
    expect(await list({})).toEqual([1, 2, 3])
    expect(await list({ resolvedAfter: 1 })).toEqual([2, 3])
    expect(await list({ limit: 1 })).toEqual([3])
    expect(await list({ kind: 'clarification' })).toEqual([])
  })

  test('decisions are found by their ids and by their tool calls', async () => {
    const session = await addSession(current())
    const [first, second, third] = [approvalOf(session), approvalOf(session), approvalOf(session)]
    const ofSameCall = { ...second, toolCall: first.toolCall }
    await write(session.id, [first, ofSameCall, { ...third, toolCall: { ...third.toolCall, id: 'call_other' } }])
    const { decisions } = current()
    const sort = (records: readonly DecisionRecord[]) => records.map(({ id }) => id).toSorted()
    expect(sort(await decisions.findDecisions([third.id, 'apr_unknown', first.id]))).toEqual(
      [first.id, third.id].toSorted(),
    )
    expect(sort(await decisions.findDecisionsOfToolCalls([first.toolCall.id, 'call_unknown']))).toEqual(
      [first.id, second.id].toSorted(),
    )
    expect(await decisions.findDecisionsOfToolCalls([])).toEqual([])
  })

  test('the numbers of changes are never used again', async () => {
    const session = await addSession(current())
    expect(await current().decisions.loadLatestChangeSeq()).toBe(0)
    await write(session.id, [approvalOf(session), approvalOf(session)])
    await current().eventStore.deleteSessions([session.id])
    const { decisions, eventStore } = await opened().reopen()
    expect(await decisions.loadLatestChangeSeq()).toBe(2)
    const next = await addSession(current())
    await eventStore.append({ sessionId: next.id, expectedHeadSeq: 0, events: [], decisions: [approvalOf(next)] })
    const after = { kind: 'approval' as const, limit: 10, afterChangeSeq: 2 }
    expect((await decisions.listDecisions(after)).map(({ changeSeq }) => changeSeq)).toEqual([3])
  })
}

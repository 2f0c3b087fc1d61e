import { describe, expect, test } from 'vitest'
import { newId } from '../../../../src/lib/ids.ts'
import type { PageRequest } from '../../../../src/lib/pagination.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import type { SessionRecord } from '../../../../src/model/session.ts'
import type { ConversationChange, ConversationFilter } from '../../../../src/storage/sessions/conversation-reader.ts'
import { newTextMessage } from '../../../support/search/search-fixture.ts'
import { type OpenStorage, useStorage } from './opened-storage.ts'
import { addSession, sessionOf, firstPage } from './records.ts'

const idsOf = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id)

export function describeSessionReader(open: OpenStorage): void {
  const { current, opened } = useStorage(open)

  async function addSessions(count: number): Promise<SessionRecord[]> {
    const sessions: SessionRecord[] = []
    for (let at = 1; at <= count; at += 1)
      sessions.unshift(await addSession(current(), { startedAt: at, lastActivityAt: at }))
    return sessions
  }

  describe('sessions', () => {
    test('are found by any number of ids; unknown ones are left out', async () => {
      const { segueSessions } = current()
      const sessions = await addSessions(3)
      const unknown = Array.from({ length: 1_200 }, (_, index) => `ses_${index}`)
      const found = await segueSessions.findSessions([...unknown, ...idsOf(sessions), ...idsOf(sessions)])
      expect(idsOf(found).toSorted()).toEqual(idsOf(sessions).toSorted())
      expect(segueSessions.origin).toBe('SEGUE')
      expect(await segueSessions.findSessions([])).toEqual([])
    })

    test('are listed in pages, newest activity first, in both directions', async () => {
      const { segueSessions } = current()
      const sessions = await addSessions(5)
      const [first, second, third, fourth, fifth] = sessions
      expect(idsOf(await segueSessions.listSessions(firstPage, {}))).toEqual(idsOf(sessions))
      const page = { ...firstPage, limit: 2 }
      const after = first ?? null
      expect(await segueSessions.listSessions({ ...page, after }, {})).toMatchObject([second, third])
      expect(await segueSessions.listSessions({ ...page, backwards: true }, {})).toMatchObject([fourth, fifth])
      const before = fifth ?? null
      expect(await segueSessions.listSessions({ ...page, before, backwards: true }, {})).toMatchObject([third, fourth])
      expect(await segueSessions.listSessions({ ...firstPage, after, before }, {})).toMatchObject([
        second,
        third,
        fourth,
      ])
    })

    test('are filtered by ids, channel, pinned and archived', async () => {
      const { segueSessions } = current()
      const [pinned, archived, telegram, plain] = [
        await addSession(current(), { pinned: true }),
        await addSession(current(), { archived: true }),
        await addSession(current(), { source: 'telegram' }),
        await addSession(current()),
      ]
      const list = async (filter: object) => idsOf(await segueSessions.listSessions(firstPage, filter))
      expect(await list({ pinned: true })).toEqual([pinned.id])
      expect(await list({ archived: true })).toEqual([archived.id])
      expect(await list({ channels: ['MESSAGING'] })).toEqual([telegram.id])
      expect(await list({ ids: [plain.id, pinned.id, 'ses_unknown'], pinned: false })).toEqual([plain.id])
    })

    test('never have more than 1,001 on a page', async () => {
      await addSessions(1_003)
      const { segueSessions } = current()
      expect(await segueSessions.listSessions({ ...firstPage, limit: 5_000 }, {})).toHaveLength(1_001)
      const page = await segueSessions.listConversations({ ...firstPage, limit: 5_000 }, {})
      expect(page?.conversations).toHaveLength(1_001)
      expect(page?.sessions).toHaveLength(1_001)
    })

    test('keep the ids of Hermes that they refer to, qualified by the profile', async () => {
      const links = { parentId: 'work@20260101_120000_ab12cd', forkedFrom: 'work@20260101_120000_ab12cd:7' }
      const session = await addSession(current(), links)
      const { segueSessions, eventStore } = await opened().reopen()
      expect(await segueSessions.findSessions([session.id])).toEqual([session])
      expect(await eventStore.findContinuation(links.parentId)).toEqual(session)
      expect(await eventStore.findContinuation('20260101_120000_ab12cd')).toBeNull()
      expect(await eventStore.findContinuation('other@20260101_120000_ab12cd')).toBeNull()
    })
  })

  describe('messages', () => {
    test('are listed by position, in pages and in both directions; queued ones are not', async () => {
      const { segueSessions } = current()
      const session = sessionOf()
      const messages = [2, 4, 6, 8].map((at) => newTextMessage(session.id, `${at}`, at))
      const queued = { ...newTextMessage(session.id, 'queued', 0), position: null }
      await current().eventStore.createSession({ session, messages: [...messages, queued] })
      const list = (page: Partial<PageRequest<number>>) =>
        segueSessions.listMessages(session.id, { ...firstPage, ...page })
      expect(await list({})).toEqual(messages)
      expect(await list({ after: 2, limit: 2 })).toEqual(messages.slice(1, 3))
      expect(await list({ before: 8, limit: 2, backwards: true })).toEqual(messages.slice(1, 3))
      expect(await segueSessions.findMessage(queued.id)).toEqual(queued)
      expect(await segueSessions.findMessage('msg_unknown')).toBeNull()
      expect(idsOf(await segueSessions.findMessages([queued.id, queued.id, 'msg_unknown']))).toEqual([queued.id])
      const counts = await segueSessions.countMessages([session.id, 'ses_unknown'])
      expect(counts).toEqual(new Map([[session.id, 4]]))
    })

    test('are context unless they are withdrawn or queued', async () => {
      const session = sessionOf()
      const [first, withdrawn, last] = [2, 4, 6].map((at) => newTextMessage(session.id, `${at}`, at))
      if (!first || !withdrawn || !last) throw new Error('A message is missing.')
      const messages = [
        first,
        { ...withdrawn, withdrawn: true },
        last,
        { ...newTextMessage(session.id, '', 8), position: null },
      ]
      await current().eventStore.createSession({ session, messages })
      expect(await current().segueSessions.loadContextMessages(session.id)).toEqual([first, last])
    })
  })

  describe('conversations', () => {
    const ended = { endedAt: 2_000, endReason: 'compression' }

    test('include retries, of which the oldest takes over the place of a deleted session', async () => {
      const { segueSessions, eventStore } = current()
      const root = await addSession(current(), { ...ended, lastActivityAt: 1_000 })
      const original = await addSession(current(), { parentId: root.id, startedAt: 2_000, lastActivityAt: 2_000 })
      const retry = { takesPlaceOf: original.id, retryOf: newTextMessage(original.id, '', 2).id }
      const first = await addSession(current(), { ...retry, startedAt: 3_000, lastActivityAt: 3_000 })
      const second = await addSession(current(), { ...retry, startedAt: 4_000, lastActivityAt: 4_000 })
      const loadConversation = async () => (await segueSessions.findConversationsBySession([second.id])).get(second.id)
      expect(await loadConversation()).toMatchObject({ rootId: root.id, tipId: second.id, segmentCount: 4 })
      expect(await segueSessions.findContinuations([root.id, original.id])).toEqual(new Map([[root.id, second.id]]))
      expect(await eventStore.findContinuation(root.id)).toEqual(second)

      await eventStore.deleteSessions([original.id])
      expect(await segueSessions.findSessions([first.id, second.id])).toEqual(
        expect.arrayContaining([
          { ...first, parentId: root.id, takesPlaceOf: null },
          { ...second, takesPlaceOf: first.id },
        ]),
      )
      expect(await loadConversation()).toMatchObject({ rootId: root.id, tipId: second.id, segmentCount: 3 })
      await eventStore.deleteSessions([root.id])
      expect(await loadConversation()).toMatchObject({ rootId: first.id, segmentCount: 2 })
    })

    test('are made of the sessions that continue each other', async () => {
      const { segueSessions } = current()
      const root = await addSession(current(), { ...ended, lastActivityAt: 1_000 })
      const tip = await addSession(current(), { parentId: root.id, lastActivityAt: 3_000 })
      const alone = await addSession(current(), { lastActivityAt: 2_000 })
      const empty = await addSession(current(), {}, [])
      const flags = { pinned: false, archived: false, isEmpty: false, isCrossOrigin: false }
      const unread = { attention: 'IDLE', attentionSessionId: null, readAt: null }
      const summary = { segmentCount: 2, lastActivityAt: 3_000, ...flags, ...unread }
      const page = await segueSessions.listConversations(firstPage, {})
      expect(page?.conversations[0]).toEqual({ rootId: root.id, tipId: tip.id, ...summary })
      expect(page?.conversations.map(({ rootId }) => rootId)).toEqual([root.id, alone.id])
      expect(idsOf(page?.sessions ?? []).toSorted()).toEqual([root.id, tip.id, alone.id].toSorted())
      const bySession = await segueSessions.findConversationsBySession([tip.id, empty.id, 'ses_unknown'])
      expect(bySession.get(tip.id)).toEqual({ rootId: root.id, tipId: tip.id, ...summary })
      expect(bySession.get(empty.id)).toMatchObject({ rootId: empty.id, isEmpty: true })
      expect(bySession.size).toBe(2)
      const list = (offset: number, limit: number) =>
        segueSessions.listConversationSessionIds(root.id, { offset, limit })
      expect([await list(0, 10), await list(1, 10), await list(0, 1)]).toEqual([[root.id, tip.id], [tip.id], [root.id]])
      expect(await list(5, 10)).toEqual([])
    })

    test('of a session whose parent is not stored here are cross-origin', async () => {
      const { segueSessions } = current()
      const session = await addSession(current(), { parentId: 'work@20260101_120000_ab12cd' })
      await addSession(current())
      const list = async (crossOrigin: boolean) =>
        (await segueSessions.listConversations(firstPage, { crossOrigin }))?.conversations.map(({ rootId }) => rootId)
      expect(await list(true)).toEqual([session.id])
      expect(await list(false)).not.toContain(session.id)
    })

    test('are counted by what they are listed by, after each change of it', async () => {
      const { eventStore, segueSessions } = current()
      const count = async (filter: ConversationFilter = {}) =>
        (await segueSessions.countConversations(filter))?.reduce((sum, group) => sum + group.count, 0)
      const first = await addSession(current(), ended)
      const archived = await addSession(current(), { archived: true })
      await addSession(current(), {}, [])
      await addSession(current(), { source: 'cron' })
      expect([await count(), await count({ archived: true }), await count({ archived: false })]).toEqual([2, 1, 1])
      expect(await count({ channels: ['CRON'] })).toBe(1)
      const continuation = await addSession(current(), { parentId: first.id, source: 'telegram' })
      expect([await count({ channels: ['SEGUE'], archived: false }), await count({ channels: ['MESSAGING'] })]).toEqual(
        [0, 1],
      )
      await eventStore.deleteSessions([archived.id, first.id])
      expect([await count(), await count({ archived: true })]).toEqual([1, 0])
      await eventStore.deleteSessions([continuation.id])
      expect(await count()).toBe(0)
    })

    test('are complete after many sessions have changed their conversation at once', async () => {
      const { eventStore, segueSessions } = current()
      const root = await addSession(current(), ended)
      for (let count = 0; count < 250; count += 1)
        await addSession(current(), { parentId: root.id, lastActivityAt: 2_000 + count })
      expect((await segueSessions.listConversations(firstPage, {}))?.conversations).toHaveLength(1)
      await eventStore.deleteSessions([root.id])
      expect((await segueSessions.listConversations(firstPage, {}))?.conversations).toHaveLength(250)
    })

    test('report their changes after the commit', async () => {
      const { eventStore, segueSessions } = current()
      const changes: ConversationChange[] = []
      segueSessions.onConversationsChanged((changed) => changes.push(...(changed ?? [])))
      const session = await addSession(current())
      await segueSessions.refresh()
      expect(changes.splice(0)).toEqual([{ rootId: session.id, before: null, after: 'thisSource' }])
      const write = { sessionId: session.id, expectedHeadSeq: 0, events: [] }
      await eventStore.append({ ...write, sessionPatch: { title: 'Owls', titleSource: 'PERSON' } })
      await segueSessions.refresh()
      expect(changes.splice(0)).toEqual([{ rootId: session.id, before: 'thisSource', after: 'thisSource' }])
      await eventStore.deleteSessions([session.id])
      await segueSessions.refresh()
      expect(changes.splice(0)).toEqual([{ rootId: session.id, before: 'thisSource', after: null }])
    })
  })

  test('what a session has copies of is found by position, whichever origin the original has', async () => {
    const { eventStore } = current()
    const [earlyId, retryId, againId] = [newId('session'), newId('session'), newId('session')]
    const original = { ...newTextMessage(earlyId, 'Hello', 1), id: newId('message'), position: 1 }
    const early = await addSession(current(), { id: earlyId }, [original])
    const copyAt = (position: number, copyOf: object): MessageRecord =>
      Object.assign(newTextMessage(retryId, 'Hello', position), { position }, copyOf)
    const retry = await addSession(current(), { id: retryId }, [
      copyAt(1, {}),
      copyAt(2, { copyOf: original.id }),
      copyAt(3, { copyOf: 'work@hermes-1:7' }),
      copyAt(4, { copyOf: 'work@other:1' }),
    ])
    const find = (ids: readonly string[]) => eventStore.findInheritedPositions(retry.id, ids)
    expect(await find([early.id])).toEqual({ first: 2, last: 2 })
    expect(await find([early.id, 'work@hermes-1'])).toEqual({ first: 2, last: 3 })
    expect(await find(['work@hermes'])).toBeNull()
    expect(await find([])).toBeNull()
    const again = { ...newTextMessage(againId, 'Hello', 1), position: 1, copyOf: original.id }
    await addSession(current(), { id: againId }, [again])
    expect(await find([againId])).toEqual({ first: 2, last: 2 })
  })
}

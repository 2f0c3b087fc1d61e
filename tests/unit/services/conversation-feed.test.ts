import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConversationFeed, type ConversationListUpdate } from '../../../src/services/conversation-feed.ts'
import type { Conversation } from '../../../src/sessions/conversation.ts'
import { channels } from '../../../src/model/channel.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { ConversationFixture } from '../../support/sessions/conversation-fixture.ts'
import { segueId } from '../../support/sessions/conversation-model.ts'
import { anyStep, applyStep } from '../../support/sessions/conversation-steps.ts'

/** The session whose update comes after all others. */
const lastId = segueId(99)

const ready = { kind: 'READY', conversationId: null, conversation: null, continuesIn: null }

let fixture: ConversationFixture
let feed: ConversationFeed
beforeEach(async () => {
  fixture = await ConversationFixture.open()
  feed = new ConversationFeed(fixture)
})
afterEach(async () => {
  feed.close()
  await fixture[Symbol.asyncDispose]()
})

async function refresh(): Promise<void> {
  await fixture.profile.segueSessions.refresh()
  await fixture.profile.hermesSessions?.refresh()
}

function newRow(id: string) {
  const fields = { parent: null, end: null, source: 'cli', started: 1, branchOf: null, archived: false, pinned: false }
  return { id, ...fields }
}

/** The list of a client that applies every update. */
class ClientList {
  readonly rows = new Map<string, object>()
  readonly #updates: AsyncIterator<ConversationListUpdate>

  private constructor(updates: AsyncIterator<ConversationListUpdate>) {
    this.#updates = updates
  }

  /** The list is empty when the feed is ready. */
  static async open(updates: AsyncIterator<ConversationListUpdate>): Promise<ClientList> {
    expect((await updates.next()).value).toEqual(ready)
    return new ClientList(updates)
  }

  async next(): Promise<ConversationListUpdate> {
    const { value, done } = await this.#updates.next()
    if (done) throw new Error('The feed ended.')
    const { conversationId, conversation } = value
    if (conversationId !== null && !conversation) this.rows.delete(conversationId)
    if (conversationId !== null && conversation) this.rows.set(conversationId, toListRow(conversation))
    return value
  }

  /** Applies updates up to the first one of this conversation. */
  async applyUntil(id: string): Promise<void> {
    while ((await this.next()).conversationId !== `cnv_${id}`);
  }
}

function toListRow({ root, tip, segmentCount, lastActivityAt }: Conversation): object {
  return { root: root.id, tip: tip.id, count: segmentCount, at: lastActivityAt / 1000 }
}

test('a client that applies every update has the same list as the repository, for any writes to both databases', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(anyStep, { maxLength: 6 }), { maxLength: 8 }), async (rounds) => {
      fixture.clear()
      await refresh()
      const updates = feed.follow()
      const list = await ClientList.open(updates)
      const first = list.next()
      for (const steps of rounds) {
        for (const step of steps) applyStep(fixture, step)
        await refresh()
      }
      fixture.upsertSession(newRow(lastId))
      fixture.addMessage(lastId, 1)
      await refresh()
      if ((await first).conversationId !== `cnv_${lastId}`) await list.applyUntil(lastId)
      await updates.return?.()
      const expected = fixture.model
        .listConversations({ channels })
        .map(({ root, tip, at, segments }) => [`cnv_${root}`, { root, tip, count: segments.length, at }] as const)
      expect(list.rows).toEqual(new Map(expected))
    }),
    { numRuns: 60 },
  )
})

describe('the feed', () => {
  test('begins with the first change after the call', async () => {
    fixture.upsertSession(newRow(segueId(1)))
    fixture.addMessage(segueId(1), 1)
    await refresh()
    const list = await ClientList.open(feed.follow())
    const first = list.next()
    fixture.addMessage(segueId(1), 2)
    await refresh()
    expect(await first).toMatchObject({ conversationId: `cnv_${segueId(1)}`, conversation: { lastActivityAt: 2000 } })
  })

  test('yields one update for several changes of a conversation that come together', async () => {
    const list = await ClientList.open(feed.follow())
    const first = list.next()
    for (const id of [segueId(1), segueId(2)]) fixture.upsertSession(newRow(id))
    for (let at = 1; at <= 50; at += 1) {
      fixture.addMessage(segueId(1), at)
      void fixture.profile.segueSessions.refresh()
    }
    fixture.addMessage(segueId(2), 1)
    await refresh()
    expect(await first).toMatchObject({ conversationId: `cnv_${segueId(1)}`, conversation: { lastActivityAt: 50_000 } })
    expect((await list.next()).conversationId).toBe(`cnv_${segueId(2)}`)
  })

  test('ignores sessions without a message, when they are created, changed and deleted', async () => {
    const list = await ClientList.open(feed.follow())
    const first = list.next()
    fixture.upsertSession(newRow(segueId(1)))
    await refresh()
    fixture.upsertSession({ ...newRow(segueId(1)), archived: true })
    await refresh()
    fixture.delete(segueId(1))
    await refresh()
    fixture.upsertSession(newRow(segueId(2)))
    fixture.addMessage(segueId(2), 1)
    await refresh()
    expect((await first).conversationId).toBe(`cnv_${segueId(2)}`)
  })

  test('ends when the profile is closed', async () => {
    const updates = feed.follow()
    expect((await updates.next()).value).toEqual(ready)
    const next = updates.next()
    feed.close()
    expect(await next).toEqual({ value: undefined, done: true })
  })

  test('yields READY again to a reader that is more than 10,000 changes behind, and what changes from then on', async () => {
    const updates = feed.follow()
    expect((await updates.next()).value).toEqual(ready)
    fixture.segueDb.exec(`
      WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)
      INSERT INTO sessions (id, source, started_at, last_activity_at, message_count, usage)
      SELECT 'ses_' || n, 'segue', n, n, 1, '{}' FROM numbers`)
    await refresh()
    await waitUntil(() => fixture.segueDb.count('pending_sessions') === 0)
    expect((await updates.next()).value).toEqual(ready)
    fixture.upsertSession(newRow(lastId))
    fixture.addMessage(lastId, 1)
    await refresh()
    expect((await updates.next()).value).toMatchObject({ kind: 'UPSERTED', conversationId: `cnv_${lastId}` })
  })
})

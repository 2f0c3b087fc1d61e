import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConversationFeed, type ConversationUpdate } from '../../../src/services/conversation-feed.ts'
import { SegueError } from '../../../src/lib/errors.ts'
import type { Conversation } from '../../../src/sessions/conversation.ts'
import { channels } from '../../../src/model/channel.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { ConversationFixture } from '../../support/sessions/conversation-fixture.ts'
import { segueId } from '../../support/sessions/conversation-model.ts'
import { anyStep, applyStep } from '../../support/sessions/conversation-steps.ts'

/** The session whose update comes after all others. */
const lastId = segueId(99)

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
  readonly #updates: AsyncIterator<ConversationUpdate | SegueError>

  constructor(updates: AsyncIterator<ConversationUpdate | SegueError>) {
    this.#updates = updates
  }

  async next(): Promise<ConversationUpdate> {
    const { value, done } = await this.#updates.next()
    if (done || value instanceof SegueError) throw new Error('The feed ended.')
    const { id, conversation } = value
    if (!conversation) this.rows.delete(id)
    else this.rows.set(id, toListRow(conversation))
    return value
  }

  /** Applies updates up to the first one of this conversation. */
  async applyUntil(id: string): Promise<void> {
    while ((await this.next()).id !== `cnv_${id}`);
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
      const list = new ClientList(updates)
      const first = list.next()
      for (const steps of rounds) {
        for (const step of steps) applyStep(fixture, step)
        await refresh()
      }
      fixture.upsertSession(newRow(lastId))
      fixture.addMessage(lastId, 1)
      await refresh()
      if ((await first).id !== `cnv_${lastId}`) await list.applyUntil(lastId)
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
    const list = new ClientList(feed.follow())
    const first = list.next()
    fixture.addMessage(segueId(1), 2)
    await refresh()
    expect(await first).toMatchObject({ id: `cnv_${segueId(1)}`, conversation: { lastActivityAt: 2000 } })
  })

  test('yields one update for several changes of a conversation that come together', async () => {
    const list = new ClientList(feed.follow())
    const first = list.next()
    for (const id of [segueId(1), segueId(2)]) fixture.upsertSession(newRow(id))
    for (let at = 1; at <= 50; at += 1) {
      fixture.addMessage(segueId(1), at)
      void fixture.profile.segueSessions.refresh()
    }
    fixture.addMessage(segueId(2), 1)
    await refresh()
    expect(await first).toMatchObject({ id: `cnv_${segueId(1)}`, conversation: { lastActivityAt: 50_000 } })
    expect((await list.next()).id).toBe(`cnv_${segueId(2)}`)
  })

  test('ignores sessions without a message, when they are created, changed and deleted', async () => {
    const list = new ClientList(feed.follow())
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
    expect((await first).id).toBe(`cnv_${segueId(2)}`)
  })

  test('ends when the profile is closed', async () => {
    const next = feed.follow().next()
    feed.close()
    expect(await next).toEqual({ value: undefined, done: true })
  })

  test('ends with STALE for a reader that is more than 10,000 changes behind', async () => {
    const updates = feed.follow()
    fixture.segueDb.exec(`
      WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)
      INSERT INTO sessions (id, source, started_at, last_activity_at, message_count, usage)
      SELECT 'ses_' || n, 'segue', n, n, 1, '{}' FROM numbers`)
    await refresh()
    await waitUntil(() => fixture.segueDb.count('pending_sessions') === 0)
    expect((await updates.next()).value).toMatchObject({ code: 'STALE' })
    expect(await updates.next()).toEqual({ value: undefined, done: true })
  })
})

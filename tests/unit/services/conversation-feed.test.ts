import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConversationFeed, type ConversationUpdate } from '../../../src/services/conversation-feed.ts'
import { SegueError } from '../../../src/lib/errors.ts'
import type { Conversation } from '../../../src/sessions/conversation.ts'
import { channels } from '../../../src/model/channel.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { ConversationFixture, segueId } from '../../support/sessions/conversation-model.ts'
import { anyStep, applyStep } from '../../support/sessions/conversation-steps.ts'

/** Behind all that can happen to the others. */
const mark = segueId(99)

let both: ConversationFixture
let feed: ConversationFeed
beforeEach(async () => {
  both = await ConversationFixture.open()
  feed = new ConversationFeed(both)
})
afterEach(async () => {
  feed.close()
  await both[Symbol.asyncDispose]()
})

async function catchUp(): Promise<void> {
  await both.profile.segueSessions.refresh()
  await both.profile.hermesSessions?.refresh()
}

function row(id: string) {
  const rest = { parent: null, end: null, source: 'cli', started: 1, branchOf: null, archived: false, pinned: false }
  return { id, ...rest }
}

/** A list as a client keeps it that does what it is told. */
class KeptList {
  readonly rows = new Map<string, object>()
  readonly #told: AsyncIterator<ConversationUpdate | SegueError>

  constructor(told: AsyncIterator<ConversationUpdate | SegueError>) {
    this.#told = told
  }

  async next(): Promise<ConversationUpdate> {
    const { value, done } = await this.#told.next()
    if (done || value instanceof SegueError) throw new Error('it ended')
    const { id, conversation } = value
    if (!conversation) this.rows.delete(id)
    else this.rows.set(id, shownOf(conversation))
    return value
  }

  /** Up to what happens now. */
  async upTo(id: string): Promise<void> {
    while ((await this.next()).id !== `cnv_${id}`);
  }
}

function shownOf({ root, tip, segmentCount, lastActivityAt }: Conversation): object {
  return { root: root.id, tip: tip.id, count: segmentCount, at: lastActivityAt / 1000 }
}

test('whoever does what it is told has the list that is read: for any writes to both databases', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(anyStep, { maxLength: 6 }), { maxLength: 8 }), async (rounds) => {
      both.clear()
      await catchUp()
      const told = feed.follow()
      const list = new KeptList(told)
      const first = list.next()
      for (const steps of rounds) {
        for (const step of steps) applyStep(both, step)
        await catchUp()
      }
      both.upsertSession(row(mark))
      both.addMessage(mark, 1)
      await catchUp()
      if ((await first).id !== `cnv_${mark}`) await list.upTo(mark)
      await told.return?.()
      const expected = both.model
        .listConversations({ channels })
        .map(({ root, tip, at, segments }) => [`cnv_${root}`, { root, tip, count: segments.length, at }] as const)
      expect(list.rows).toEqual(new Map(expected))
    }),
    { numRuns: 60 },
  )
})

describe('what is told', () => {
  test('begins with what happens after it was asked for', async () => {
    both.upsertSession(row(segueId(1)))
    both.addMessage(segueId(1), 1)
    await catchUp()
    const list = new KeptList(feed.follow())
    const first = list.next()
    both.addMessage(segueId(1), 2)
    await catchUp()
    expect(await first).toMatchObject({ id: `cnv_${segueId(1)}`, conversation: { lastActivityAt: 2000 } })
  })

  test('is one row for all changes of one that come together, as it is by then', async () => {
    const list = new KeptList(feed.follow())
    const first = list.next()
    for (const id of [segueId(1), segueId(2)]) both.upsertSession(row(id))
    for (let at = 1; at <= 50; at += 1) {
      both.addMessage(segueId(1), at)
      void both.profile.segueSessions.refresh()
    }
    both.addMessage(segueId(2), 1)
    await catchUp()
    expect(await first).toMatchObject({ id: `cnv_${segueId(1)}`, conversation: { lastActivityAt: 50_000 } })
    expect((await list.next()).id).toBe(`cnv_${segueId(2)}`)
  })

  test('has nothing of sessions without a message, be they begun or deleted', async () => {
    const list = new KeptList(feed.follow())
    const first = list.next()
    both.upsertSession(row(segueId(1)))
    await catchUp()
    both.upsertSession({ ...row(segueId(1)), archived: true })
    await catchUp()
    both.delete(segueId(1))
    await catchUp()
    both.upsertSession(row(segueId(2)))
    both.addMessage(segueId(2), 1)
    await catchUp()
    expect((await first).id).toBe(`cnv_${segueId(2)}`)
  })

  test('ends with the profile', async () => {
    const next = feed.follow().next()
    feed.close()
    expect(await next).toEqual({ value: undefined, done: true })
  })

  test('is lost on a reader who is more than ten thousand changes behind: STALE, and the end', async () => {
    const told = feed.follow()
    both.segueDb.exec(`
      WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)
      INSERT INTO sessions (id, source, started_at, last_activity_at, message_count, usage)
      SELECT 'ses_' || n, 'segue', n, n, 1, '{}' FROM numbers`)
    const left = both.segueDb.prepare('SELECT count(*) FROM pending_sessions').pluck()
    await catchUp()
    await waitUntil(() => left.get() === 0)
    expect((await told.next()).value).toMatchObject({ code: 'STALE' })
    expect(await told.next()).toEqual({ value: undefined, done: true })
  })
})

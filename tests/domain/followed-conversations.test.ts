import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConversationChanges } from '../../src/domain/conversation-changes.ts'
import { followConversations, type FollowedConversation } from '../../src/domain/followed-conversations.ts'
import { SegueError } from '../../src/errors.ts'
import { channels } from '../../src/storage/channel.ts'
import { Both, mine } from '../sessions/conversation-model.ts'
import { anyStep, take } from '../sessions/conversation-steps.ts'

/** Behind all that can happen to the others. */
const mark = mine(99)

let both: Both
let changes: ConversationChanges
beforeEach(async () => {
  both = await Both.open()
  changes = new ConversationChanges()
  both.profile.own.onChanged((changed) => changes.add(changed))
  both.profile.hermes?.onChanged((changed) => changes.add(changed))
})
afterEach(async () => {
  changes.close()
  await both[Symbol.asyncDispose]()
})

function follow(): AsyncIterableIterator<FollowedConversation | SegueError> {
  return followConversations({ ...both, changes })
}

async function catchUp(): Promise<void> {
  await both.profile.own.catchUp()
  await both.profile.hermes?.catchUp()
}

function row(id: string) {
  const rest = { parent: null, end: null, source: 'cli', started: 1, branchOf: null, archived: false, pinned: false }
  return { id, ...rest }
}

/** A list as a client keeps it that does what it is told. */
class KeptList {
  readonly rows = new Map<string, object>()
  readonly #told: AsyncIterator<FollowedConversation | SegueError>

  constructor(told: AsyncIterator<FollowedConversation | SegueError>) {
    this.#told = told
  }

  async next(): Promise<FollowedConversation> {
    const { value, done } = await this.#told.next()
    if (done || value instanceof SegueError) throw new Error('it ended')
    const { id, conversation } = value
    if (!conversation) this.rows.delete(id)
    else this.rows.set(id, shown(conversation.root.id, conversation.tip.id, conversation.segmentCount))
    return value
  }

  /** Up to what happens now. */
  async upTo(id: string): Promise<void> {
    while ((await this.next()).id !== `cnv_${id}`);
  }
}

function shown(root: string, tip: string, count: number): object {
  return { root, tip, count }
}

test('whoever does what it is told has the list that is read: for any writes to both databases', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(anyStep, { maxLength: 6 }), { maxLength: 8 }), async (rounds) => {
      both.clear()
      await catchUp()
      const told = follow()
      const list = new KeptList(told)
      const first = list.next()
      for (const steps of rounds) {
        for (const step of steps) take(both, step)
        await catchUp()
      }
      both.put(row(mark))
      both.say(mark, 1)
      await catchUp()
      if ((await first).id !== `cnv_${mark}`) await list.upTo(mark)
      await told.return?.()
      const expected = both.model
        .conversations({ channels })
        .map(({ root, tip, segments }) => [`cnv_${root}`, shown(root, tip, segments.length)] as const)
      expect(list.rows).toEqual(new Map(expected))
    }),
    { numRuns: 60 },
  )
})

describe('what is told', () => {
  test('begins with what happens after it was asked for', async () => {
    both.put(row(mine(1)))
    both.say(mine(1), 1)
    await catchUp()
    const list = new KeptList(follow())
    const first = list.next()
    both.say(mine(1), 2)
    await catchUp()
    expect(await first).toMatchObject({ id: `cnv_${mine(1)}`, conversation: { lastActivityAt: 2000 } })
  })

  test('is one row for all changes of one that come together, as it is by then', async () => {
    const list = new KeptList(follow())
    const first = list.next()
    for (const id of [mine(1), mine(2)]) both.put(row(id))
    for (let at = 1; at <= 50; at += 1) {
      both.say(mine(1), at)
      void both.profile.own.catchUp()
    }
    both.say(mine(2), 1)
    await catchUp()
    expect(await first).toMatchObject({ id: `cnv_${mine(1)}`, conversation: { lastActivityAt: 50_000 } })
    expect((await list.next()).id).toBe(`cnv_${mine(2)}`)
  })

  test('has nothing of sessions without a message, be they begun or deleted', async () => {
    const list = new KeptList(follow())
    const first = list.next()
    both.put(row(mine(1)))
    await catchUp()
    both.put({ ...row(mine(1)), archived: true })
    await catchUp()
    both.remove(mine(1))
    await catchUp()
    both.put(row(mine(2)))
    both.say(mine(2), 1)
    await catchUp()
    expect((await first).id).toBe(`cnv_${mine(2)}`)
  })

  test('ends with the profile', async () => {
    const next = follow().next()
    changes.close()
    expect(await next).toEqual({ value: undefined, done: true })
  })

  test('is lost on a reader who is more than ten thousand changes behind: STALE, and the end', async () => {
    const told = follow()
    const changed = { rootId: mine(1), before: 'here', after: 'here' } as const
    for (let left = 30_000; left > 0; left -= 1) changes.add([changed])
    expect((await told.next()).value).toMatchObject({ code: 'STALE' })
    expect(await told.next()).toEqual({ value: undefined, done: true })
  })

  test('is lost when any may have changed: STALE, and the end', async () => {
    const told = follow()
    const next = told.next()
    await catchUp()
    changes.add(null)
    expect((await next).value).toMatchObject({ code: 'STALE' })
    expect(await told.next()).toEqual({ value: undefined, done: true })
  })
})

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConversationLoader } from '../../../src/sessions/conversation-loader.ts'
import type { Conversation } from '../../../src/sessions/conversation.ts'
import { SessionLoader } from '../../../src/sessions/session-loader.ts'
import type { PageRequest } from '../../../src/lib/pagination.ts'
import type { SessionKey } from '../../../src/model/session-filter.ts'
import type { HermesLayout } from '../../support/hermes/hermes-db.ts'
import { ConversationFixture, type ModelFilter } from '../../support/sessions/conversation-model.ts'
import { anyStep, applyStep } from '../../support/sessions/conversation-steps.ts'

const anyFilter: fc.Arbitrary<ModelFilter> = fc.record(
  {
    channels: fc.subarray(['CLI', 'WEB', 'CRON', 'TOOL', 'SEGUE']),
    origin: fc.constantFrom('SEGUE', 'HERMES'),
    archived: fc.boolean(),
    pinned: fc.boolean(),
  },
  { requiredKeys: [] },
)

let both: ConversationFixture

const keyOf = ({ root, lastActivityAt }: Conversation): SessionKey => ({ id: root.id, lastActivityAt })

/** All pages of a size, from either end, in the list's order. */
async function walk(limit: number, backwards: boolean, filter: ModelFilter = {}): Promise<Conversation[]> {
  let all: Conversation[] = []
  for (let key: SessionKey | null = null; ;) {
    const page: PageRequest<SessionKey> = {
      after: backwards ? null : key,
      before: backwards ? key : null,
      limit,
      backwards,
    }
    const found = await both.conversations.listPage(page, filter)
    all = backwards ? [...found, ...all] : [...all, ...found]
    const end = backwards ? found[0] : found.at(-1)
    if (!end) return all
    key = keyOf(end)
  }
}

const told = ({ root, tip, lastActivityAt, segmentCount }: Conversation) => ({
  root: root.id,
  tip: tip.id,
  at: lastActivityAt / 1000,
  count: segmentCount,
})

async function expectAll(filter: ModelFilter, limit: number): Promise<void> {
  const expected = (of: ModelFilter) =>
    both.model.listConversations(of).map(({ root, tip, at, segments }) => ({ root, tip, at, count: segments.length }))
  for (const of of [{}, filter]) {
    expect((await walk(limit, false, of)).map(told)).toEqual(expected(of))
    expect((await walk(limit, true, of)).map(told)).toEqual(expected(of))
  }
  const sessions = new SessionLoader(both.sessions)
  const loader = new ConversationLoader(both.conversations, sessions)
  for (const { root, tip, segments } of both.model.listAll()) {
    for (const id of segments) {
      const session = await sessions.load(id)
      if (!session) throw new Error(`there is no ${id}`)
      const conversation = await loader.loadForSession(session)
      expect({ id, root: conversation.root.id, tip: conversation.tip.id, count: conversation.segmentCount }).toEqual({
        id,
        root,
        tip,
        count: segments.length,
      })
      expect((await loader.loadById(`cnv_${id}`))?.root.id).toBe(id === root ? root : undefined)
      const listed = await both.conversations.listSegments(conversation, { limit: 1000, offset: 0 })
      expect(listed.map((each) => each.id)).toEqual(segments)
    }
  }
}

describe.each<[HermesLayout, number]>([
  ['newest', 60],
  ['v2', 20],
])('for any family over both databases, with any writes in between, in a file of the layout %s,', (layout, numRuns) => {
  beforeAll(async () => {
    both = await ConversationFixture.open(layout)
  })
  afterAll(() => both[Symbol.asyncDispose]())

  test('every conversation with a message is listed exactly once, forwards and backwards, as the rule says', async () => {
    const anyCase = [fc.array(anyStep, { maxLength: 30 }), anyFilter, fc.integer({ min: 1, max: 4 })] as const
    await fc.assert(
      fc.asyncProperty(...anyCase, async (steps, filter, limit) => {
        both.clear()
        for (const step of steps) {
          applyStep(both, step)
          if (step.kind === 'look') await expectAll(filter, limit)
        }
        await expectAll(filter, limit)
      }),
      { numRuns },
    )
  })
})

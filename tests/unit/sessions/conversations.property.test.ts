import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConversationLoader } from '../../../src/sessions/conversation-loader.ts'
import type { Conversation, ConversationGroup } from '../../../src/sessions/conversation.ts'
import { countConversations } from '../../../src/sessions/select-conversations.ts'
import { SessionLoader } from '../../../src/sessions/session-loader.ts'
import type { PageRequest } from '../../../src/lib/pagination.ts'
import type { SessionSortKey } from '../../../src/model/session-filter.ts'
import type { HermesLayout } from '../../support/hermes/hermes-db.ts'
import { ConversationFixture } from '../../support/sessions/conversation-fixture.ts'
import type { ModelFilter } from '../../support/sessions/conversation-model.ts'
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

let fixture: ConversationFixture

const toKey = ({ root, lastActivityAt }: Conversation): SessionSortKey => ({ id: root.id, lastActivityAt })

/** Lists all conversations in pages of a size, from either end. Returns them in list order. */
async function listAllPages(limit: number, backwards: boolean, filter: ModelFilter = {}): Promise<Conversation[]> {
  let all: Conversation[] = []
  for (let key: SessionSortKey | null = null; ;) {
    const page: PageRequest<SessionSortKey> = {
      after: backwards ? null : key,
      before: backwards ? key : null,
      limit,
      backwards,
    }
    const found = await fixture.conversations.listPage(page, filter)
    all = backwards ? [...found, ...all] : [...all, ...found]
    const end = backwards ? found[0] : found.at(-1)
    if (!end) return all
    key = toKey(end)
  }
}

const toExpected = ({ root, tip, lastActivityAt, segmentCount }: Conversation) => ({
  root: root.id,
  tip: tip.id,
  at: lastActivityAt / 1000,
  count: segmentCount,
})

/** How many conversations have the same channel, origin and attention. */
function sumGroups(groups: readonly ConversationGroup[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { channel, origin, attention, count } of groups) {
    const name = `${channel} ${origin} ${attention}`
    sums[name] = (sums[name] ?? 0) + count
  }
  return sums
}

async function expectAll(filter: ModelFilter, limit: number): Promise<void> {
  const expected = (of: ModelFilter) =>
    fixture.model
      .listConversations(of)
      .map(({ root, tip, at, segments }) => ({ root, tip, at, count: segments.length }))
  for (const of of [{}, filter]) {
    expect((await listAllPages(limit, false, of)).map(toExpected)).toEqual(expected(of))
    const listed = await listAllPages(limit, true, of)
    expect(listed.map(toExpected)).toEqual(expected(of))
    expect(sumGroups(await fixture.conversations.count(of))).toEqual(sumGroups(countConversations(listed, {})))
  }
  const sessions = new SessionLoader(fixture.sessions)
  const loader = new ConversationLoader(fixture.conversations, sessions)
  for (const { root, tip, segments } of fixture.model.listAll()) {
    for (const id of segments) {
      const session = await sessions.load(id)
      if (!session) throw new Error(`There is no session ${id}.`)
      const conversation = await loader.loadForSession(session)
      expect({ id, root: conversation.root.id, tip: conversation.tip.id, count: conversation.segmentCount }).toEqual({
        id,
        root,
        tip,
        count: segments.length,
      })
      expect((await loader.loadById(`cnv_${id}`))?.root.id).toBe(id === root ? root : undefined)
      const listed = await fixture.conversations.listSegments(conversation, { limit: 1000, offset: 0 })
      expect(listed.map((each) => each.id)).toEqual(segments)
    }
  }
}

describe.each<[HermesLayout, number]>([
  ['newest', 60],
  ['v2', 20],
])('for any sessions in both databases, with a Hermes database of the layout %s,', (layout, numRuns) => {
  beforeAll(async () => {
    fixture = await ConversationFixture.open(layout)
  })
  afterAll(() => fixture[Symbol.asyncDispose]())

  test('every conversation with a message is listed exactly once, forwards and backwards', async () => {
    const anyCase = [fc.array(anyStep, { maxLength: 30 }), anyFilter, fc.integer({ min: 1, max: 4 })] as const
    await fc.assert(
      fc.asyncProperty(...anyCase, async (steps, filter, limit) => {
        fixture.clear()
        for (const step of steps) {
          applyStep(fixture, step)
          if (step.kind === 'check') await expectAll(filter, limit)
        }
        await expectAll(filter, limit)
      }),
      { numRuns },
    )
  })
})

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SessionRecord } from '../../../src/model/session.ts'
import type { HermesLayout } from '../../support/hermes/hermes-db.ts'
import { ConversationFixture } from '../../support/sessions/conversation-fixture.ts'
import { anySettingsChange, anyStep, applyStep } from '../../support/sessions/conversation-steps.ts'

let fixture: ConversationFixture

const firstPage = { after: null, before: null, limit: 100, backwards: false }

/** Expects that every conversation has the settings of the model, in the lists and for each of its sessions. */
async function expectSettings(): Promise<void> {
  const expected = fixture.model.listConversations({ channels: ['CLI', 'WEB', 'CRON', 'TOOL', 'SEGUE'] })
  for (const { root, segments } of fixture.model.listAll()) {
    const conversation = fixture.model.listAll().find((each) => each.root === root)
    const settings = conversation && fixture.model.readSettings(conversation)
    const sessions = await fixture.sessions.findMany(segments)
    const entries = await fixture.conversations.findListEntries([...sessions.values()])
    for (const id of segments) {
      const { pinned, archived, givenTitle } = entries.get(id) ?? {}
      expect({ id, pinned, archived, ...(givenTitle !== undefined && { title: givenTitle }) }).toEqual({
        id,
        ...settings,
      })
    }
  }
  for (const filter of [{ pinned: true }, { archived: true }, { pinned: false, archived: false }]) {
    const listed = await fixture.conversations.listPage(firstPage, {
      ...filter,
      channels: ['CLI', 'WEB', 'CRON', 'TOOL', 'SEGUE'],
    })
    const matching = expected.filter((each) => {
      const { pinned, archived } = fixture.model.readSettings(each)
      return (filter.pinned ?? pinned) === pinned && ('archived' in filter ? filter.archived : archived) === archived
    })
    expect(listed.map(({ root }) => root.id)).toEqual(matching.map(({ root }) => root))
    const sessions = await fixture.sessions.listPage(firstPage, filter)
    expect(toSortedIds(sessions)).toEqual(listMatchingSessionIds(filter))
  }
}

const toSortedIds = (sessions: readonly SessionRecord[]): string[] => sessions.map(({ id }) => id).toSorted()

/** The sessions whose conversation matches the filter. */
function listMatchingSessionIds(filter: { readonly pinned?: boolean; readonly archived?: boolean }): string[] {
  return fixture.model
    .listAll()
    .filter((each) => {
      const { pinned, archived } = fixture.model.readSettings(each)
      return (filter.pinned ?? pinned) === pinned && (filter.archived ?? archived) === archived
    })
    .flatMap(({ segments }) => segments)
    .toSorted()
}

describe.each<[HermesLayout, number]>([
  ['newest', 60],
  ['v2', 20],
])('for any sessions in both databases, with a Hermes database of the layout %s,', (layout, numRuns) => {
  beforeAll(async () => {
    fixture = await ConversationFixture.open(layout)
  })
  afterAll(() => fixture[Symbol.asyncDispose]())

  test(
    'settings stay with the sessions of their conversation, and the newest ones count',
    { timeout: 60_000 },
    async () => {
      const anySteps = fc.array(
        fc.oneof({ weight: 3, arbitrary: anyStep }, { weight: 1, arbitrary: anySettingsChange }),
        {
          maxLength: 30,
        },
      )
      await fc.assert(
        fc.asyncProperty(anySteps, async (steps) => {
          fixture.clear()
          await fixture.clearSettings()
          for (const step of steps) {
            if (step.kind === 'set') await fixture.setSettings(step.id, step.patch)
            else applyStep(fixture, step)
            await fixture.settle()
            if (step.kind === 'check') await expectSettings()
          }
          await expectSettings()
        }),
        { numRuns },
      )
    },
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadLineageSummary } from '../../../src/model/conversation/lineage.ts'
import type { SessionRecord } from '../../../src/model/session.ts'
import { newSession } from '../../../src/sessions/new-session.ts'
import { SessionLoader } from '../../../src/sessions/session-loader.ts'

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const id = fc.constantFrom(...ids)

/** Sessions that continue each other, are retries of each other, or name sessions that do not exist. */
const sessionsArbitrary = fc.uniqueArray(
  fc.record({
    id,
    parentId: fc.option(id),
    takesPlaceOf: fc.option(id, { freq: 1 }),
    endReason: fc.constantFrom('compression', 'compression', 'cli_close', 'branched'),
  }),
  { selector: (session) => session.id },
)

test('a session has the same lineage whatever was read and asked for before, as from a walk of its own', async () => {
  await fc.assert(
    fc.asyncProperty(sessionsArbitrary, fc.array(id), fc.array(id), async (fields, primedIds, firstIds) => {
      const sessions = new Map(
        fields.map((each) => [
          each.id,
          newSession({ profile: 'default', title: null, titleSource: null, model: null, at: 1, ...each }),
        ]),
      )
      const retries = [...sessions.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
      const findOldestRetry = (placeId: string) => retries.find(({ takesPlaceOf }) => takesPlaceOf === placeId) ?? null
      const loader = new SessionLoader({
        findMany: async (wanted) => new Map(wanted.flatMap((each) => toEntries(each, sessions.get(each)))),
        findOldestRetries: async (placeIds) =>
          new Map(placeIds.flatMap((each) => toEntries(each, findOldestRetry(each)))),
      })
      loader.prime(primedIds.flatMap((each) => sessions.get(each) ?? []))
      for (const each of [...firstIds, ...ids]) {
        const session = sessions.get(each)
        if (!session) continue
        const { parent, root, segmentCount, ancestors } = await loader.loadLineage(session)
        const expected = await loadLineageSummary(session, {
          findSession: (wanted) => sessions.get(wanted) ?? null,
          findOldestRetry,
        })
        const { isCyclic: _, ...summary } = expected
        expect({ parent, root, segmentCount, ancestors }).toEqual(summary)
      }
    }),
  )
})

function toEntries(key: string, session: SessionRecord | null | undefined): [string, SessionRecord][] {
  return session ? [[key, session]] : []
}

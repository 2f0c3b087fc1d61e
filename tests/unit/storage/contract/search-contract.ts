import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizeSearchText } from '../../../../src/search/analyzer.ts'
import { SearchQuery, searchRanks } from '../../../../src/search/search-query.ts'
import { anyQuery, anyText } from '../../../support/search/any-text.ts'
import {
  hitId,
  type NewSearchFixture,
  readAllPages,
  type SearchFixture,
} from '../../../support/search/search-fixture.ts'

const part = { type: 'text', text: '' } as const

/** What every search in the storage of Segue must do. */
export function describeSearch(newFixture: NewSearchFixture): void {
  test('a query without a term finds nothing', async () => {
    const fixture = await newFixture()
    await fixture.addMessage(await fixture.addSession('!!'), '??? anything')
    for (const query of ['', ' ', '"', '!!', '???', '\0', '\ud800', '*'])
      expect(await fixture.findIds(query)).toEqual([])
    expect(await fixture.findIds('anything')).toHaveLength(1)
  })

  test('titles come first, then messages by rank; newest first within each rank', async () => {
    const fixture = await newFixture()
    const [a, b] = [await fixture.addSession('Red wine'), await fixture.addSession('Winery, red')]
    const allTerms = await fixture.addMessage(a, 'wine that is red')
    const literal = await fixture.addMessage(b, 'red wine')
    const prefix = await fixture.addMessage(a, 'red wines')
    const newer = await fixture.addMessage(a, 'More red wine')
    await fixture.addMessage(a, 'white wine')
    const { hits, searchedUpTo } = await fixture.find('red wine')
    expect(hits.map(hitId)).toEqual([b, a, newer, literal, prefix, allTerms])
    expect(hits.map(({ key }) => key.rank)).toEqual([
      'TITLE',
      'TITLE',
      'PHRASE',
      'PHRASE',
      'PHRASE_PREFIX',
      'ALL_TERMS',
    ])
    expect(hits.map(({ sessionId }) => sessionId)).toEqual([b, a, a, b, a, a])
    expect(hits.map(({ snippet }) => snippet)).toContain('More red wine')
    expect(searchedUpTo).toBeNull()
  })

  test('messages of user and assistant are found; system messages, reasoning, tool calls and files are not', async () => {
    const fixture = await newFixture()
    const id = await fixture.addSession()
    const question = await fixture.addMessage(id, 'needle')
    const answer = await fixture.addMessage(id, '', {
      role: 'ASSISTANT',
      parts: [
        { ...part, text: 'a nee' },
        { ...part, text: 'dle and a needle' },
      ],
    })
    await fixture.addMessage(id, 'needle', { role: 'SYSTEM' })
    const call = {
      id: 'tcl',
      providerId: null,
      name: 'needle',
      argumentsText: '{"needle":1}',
      argumentsWhole: true,
      state: 'SUCCEEDED' as const,
      result: 'needle',
      error: null,
      startedAt: null,
      finishedAt: null,
    }
    await fixture.addMessage(id, '', {
      role: 'ASSISTANT',
      parts: [
        { type: 'reasoning', text: 'needle' },
        { type: 'tool', call },
        { type: 'file', mediaType: 'image/png', name: 'needle', url: 'https://example.org/needle' },
      ],
    })
    expect(await fixture.findIds('needle')).toEqual([answer, question])
  })

  test('any query finds the messages that match it', async () => {
    const fixture = await newFixture()
    const session = await fixture.addSession()
    const texts = fc.sample(anyText, { numRuns: 60, seed: 1 })
    const textById = new Map<string, string>()
    for (const text of texts)
      textById.set(await fixture.addMessage(session, text.toWellFormed()), normalizeSearchText(text.toWellFormed()))
    await fc.assert(
      fc.asyncProperty(anyQuery, async (typed) => {
        const query = new SearchQuery(typed)
        const expected = [...textById]
          .flatMap(([id, text]) => ({ id, rank: query.rankText(text) }))
          .toReversed()
          .filter(({ rank }) => rank !== null)
          .toSorted((a, b) => searchRanks.indexOf(a.rank ?? 'TITLE') - searchRanks.indexOf(b.rank ?? 'TITLE'))
        expect(await fixture.findIds(typed)).toEqual(expected.map(({ id }) => id))
      }),
    )
  })

  describe('pages', () => {
    async function addMatches(fixture: SearchFixture): Promise<string[]> {
      const session = await fixture.addSession('A red wine')
      await fixture.addSession('Red wines')
      for (let i = 0; i < 30; i++) {
        await fixture.addMessage(
          session,
          ['red wine', 'redwood wine', 'wine, red', 'wines that are red', 'other'][i % 5] ?? '',
        )
      }
      return fixture.findIds('red wine')
    }

    test.each([1, 2, 7, 100])('of %d hits contain each hit once, in both directions', async (size) => {
      const fixture = await newFixture()
      const all = await addMatches(fixture)
      expect(all).toHaveLength(20)
      for (const backwards of [false, true]) {
        const hitsOnPages = await readAllPages((request) => fixture.find('red wine', request), size, backwards)
        expect(hitsOnPages.map(hitId)).toEqual(all)
      }
    })

    test('of a search that is always past its deadline contain each hit once as well', async () => {
      const fixture = await newFixture()
      const all = await addMatches(fixture)
      expect((await fixture.findPastDeadline('red wine')).searchedUpTo).not.toBeNull()
      for (const backwards of [false, true]) {
        const hitsOnPages = await readAllPages((request) => fixture.findPastDeadline('red wine', request), 3, backwards)
        expect(hitsOnPages.map(hitId)).toEqual(all)
      }
    })

    test('between two keys contain the hits between them', async () => {
      const fixture = await newFixture()
      await addMatches(fixture)
      const { hits } = await fixture.find('red wine')
      for (const backwards of [false, true]) {
        const range = { after: hits[3]?.key ?? null, before: hits[12]?.key ?? null, backwards }
        expect((await fixture.find('red wine', range)).hits).toEqual(hits.slice(4, 12))
        expect((await fixture.find('red wine', { ...range, limit: 2 })).hits).toEqual(
          backwards ? hits.slice(10, 12) : hits.slice(4, 6),
        )
      }
    })

    test('continue after a hit of Hermes by its time', async () => {
      const fixture = await newFixture()
      const session = await fixture.addSession()
      const at = [10, 20, 20, 30].map((seconds) => 1_800_000_000_000 + seconds * 1000)
      const ids: string[] = []
      for (const createdAt of at) ids.push(await fixture.addMessage(session, 'needle', { createdAt }))
      const key = { rank: 'PHRASE', at: at[1] ?? 0, origin: 'HERMES', number: 1 } as const
      expect(await fixture.findIds('needle', { after: key })).toEqual([ids[0]])
      expect(await fixture.findIds('needle', { before: key })).toEqual([ids[3], ids[2], ids[1]])
      expect(await fixture.findIds('needle', { after: { ...key, at: at[0] ?? 0 } })).toEqual([])
      expect(await fixture.findIds('needle', { before: { ...key, at: (at[3] ?? 0) + 1 } })).toEqual([])
      expect(await fixture.findIds('needle', { after: { ...key, rank: 'TITLE' } })).toHaveLength(4)
      expect(await fixture.findIds('needle', { after: { ...key, rank: 'ALL_TERMS' } })).toEqual([])
    })
  })

  test('hits are filtered by channel, archived, pinned, origin and session', async () => {
    const fixture = await newFixture()
    const plain = await fixture.addSession('needle')
    const archived = await fixture.addSession('needle', { archived: true })
    const pinned = await fixture.addSession('needle', { pinned: true })
    const both = await fixture.addSession('needle', { archived: true, pinned: true })
    const messageBySession = new Map<string, string>()
    for (const id of [plain, archived, pinned, both]) messageBySession.set(id, await fixture.addMessage(id, 'a needle'))
    const hitsIn = (...sessions: string[]): (string | undefined)[] => [
      ...sessions,
      ...sessions.map((id) => messageBySession.get(id)),
    ]
    const found = (filter: object) => fixture.findIds('needle', { filter })
    expect(await found({})).toEqual(hitsIn(both, pinned, archived, plain))
    expect(await found({ archived: true })).toEqual(hitsIn(both, archived))
    expect(await found({ archived: false })).toEqual(hitsIn(pinned, plain))
    expect(await found({ pinned: true })).toEqual(hitsIn(both, pinned))
    expect(await found({ pinned: false, archived: false })).toEqual(hitsIn(plain))
    expect(await found({ pinned: true, archived: true })).toEqual(hitsIn(both))
    expect(await found({ ids: [plain, both, 'nobody', plain] })).toEqual(hitsIn(both, plain))
    expect(await found({ ids: [plain, both], archived: false })).toEqual(hitsIn(plain))
    expect(await found({ ids: [] })).toEqual([])
    expect(await found({ channels: ['SEGUE', 'CLI'] })).toEqual(hitsIn(both, pinned, archived, plain))
    expect(await found({ channels: ['CLI'] })).toEqual([])
    expect(await found({ origin: 'SEGUE', pinned: true })).toEqual(hitsIn(both, pinned))
    expect(await found({ origin: 'HERMES' })).toEqual([])
    for (const backwards of [false, true]) {
      const hitsOnPages = await readAllPages(
        (request) => fixture.find('needle', { ...request, filter: { pinned: true } }),
        1,
        backwards,
      )
      expect(hitsOnPages.map(hitId)).toEqual(hitsIn(both, pinned))
    }
  })

  test('a long message is one hit, with the best rank of its passages', async () => {
    const fixture = await newFixture()
    const session = await fixture.addSession()
    const filler = 'lorem ipsum dolor '.repeat(1_000)
    const long = await fixture.addMessage(
      session,
      `wine and red ${filler} red wine ${filler} red wine ${filler} wines, red`,
    )
    const short = await fixture.addMessage(session, 'wine, red')
    await fixture.waitForIndexing()
    for (const size of [1, 2, 5]) {
      for (const backwards of [false, true]) {
        const hitsOnPages = await readAllPages((request) => fixture.find('red wine', request), size, backwards)
        expect(hitsOnPages.map((hit) => [hitId(hit), hit.key.rank])).toEqual([
          [long, 'PHRASE'],
          [short, 'ALL_TERMS'],
        ])
      }
    }
    const { hits } = await fixture.find('red wine', { limit: 1 })
    expect(hits[0]?.snippet).toMatch(/^….{0,45}red wine.*…$/)
  })
}

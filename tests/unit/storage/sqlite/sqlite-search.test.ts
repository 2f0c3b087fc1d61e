import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizeText } from '../../../../src/search/analyzer.ts'
import { searchRanks, SearchQuery } from '../../../../src/search/search-query.ts'
import {
  hitId,
  newSegueSearchFixture,
  type SegueSearchFixture,
  readAllPages,
} from '../../../support/search/segue-search-fixture.ts'
import { anyQuery, anyText } from '../../../support/search/any-text.ts'

const part = { type: 'text', text: '' } as const

test('titles come first, then messages by how well they answer, each the newest first', async () => {
  const chats = newSegueSearchFixture()
  const [a, b] = [await chats.addSession('Red wine'), await chats.addSession('Winery, red')]
  const words = await chats.addMessage(a, 'wine that is red')
  const literal = await chats.addMessage(b, 'red wine')
  const beginning = await chats.addMessage(a, 'red wines')
  const newer = await chats.addMessage(a, 'More red wine')
  await chats.addMessage(a, 'white wine')
  const { hits, searchedUpTo: reached } = await chats.find('red wine')
  expect(hits.map(hitId)).toEqual([b, a, newer, literal, beginning, words])
  expect(hits.map(({ key }) => key.rank)).toEqual(['TITLE', 'TITLE', 'PHRASE', 'PHRASE', 'PHRASE_PREFIX', 'ALL_TERMS'])
  expect(hits.map(({ sessionId }) => sessionId)).toEqual([b, a, a, b, a, a])
  expect(hits.map(({ snippet }) => snippet)).toContain('More red wine')
  expect(reached).toBeNull()
})

test('what people and agents said is found; notes, reasoning, calls and files are not', async () => {
  const chats = newSegueSearchFixture()
  const id = await chats.addSession()
  const asked = await chats.addMessage(id, 'needle')
  const answered = await chats.addMessage(id, '', {
    role: 'ASSISTANT',
    parts: [
      { ...part, text: 'a nee' },
      { ...part, text: 'dle and a needle' },
    ],
  })
  await chats.addMessage(id, 'needle', { role: 'SYSTEM' })
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
  await chats.addMessage(id, '', {
    role: 'ASSISTANT',
    parts: [
      { type: 'reasoning', text: 'needle' },
      { type: 'tool', call },
      { type: 'file', mediaType: 'image/png', name: 'needle', url: 'https://example.org/needle' },
    ],
  })
  expect(await chats.findIds('needle')).toEqual([answered, asked])
})

test('a query without a word finds nothing, and so does any before something was written', async () => {
  const chats = newSegueSearchFixture()
  expect(await chats.findIds('anything')).toEqual([])
  expect(existsSync(chats.path)).toBe(false)
  await chats.addMessage(await chats.addSession('!!'), '??? anything')
  for (const query of ['', ' ', '"', '!!', '???', '\0', '\ud800', '*']) expect(await chats.findIds(query)).toEqual([])
  expect(await chats.findIds('anything')).toHaveLength(1)
})

test('any text finds what a look at each message would find', async () => {
  const chats = newSegueSearchFixture()
  const session = await chats.addSession()
  const texts = fc.sample(anyText, { numRuns: 60, seed: 1 })
  const said = new Map<string, string>()
  for (const text of texts)
    said.set(await chats.addMessage(session, text.toWellFormed()), normalizeText(text.toWellFormed()))
  await fc.assert(
    fc.asyncProperty(anyQuery, async (typed) => {
      const query = new SearchQuery(typed)
      const expected = [...said]
        .flatMap(([id, text]) => ({ id, rank: query.rankText(text) }))
        .toReversed()
        .filter(({ rank }) => rank !== null)
        .toSorted((a, b) => searchRanks.indexOf(a.rank ?? 'TITLE') - searchRanks.indexOf(b.rank ?? 'TITLE'))
      expect(await chats.findIds(typed)).toEqual(expected.map(({ id }) => id))
    }),
  )
})

describe('pages', () => {
  async function many(chats: SegueSearchFixture): Promise<string[]> {
    const session = await chats.addSession('A red wine')
    await chats.addSession('Red wines')
    for (let i = 0; i < 30; i++) {
      await chats.addMessage(
        session,
        ['red wine', 'redwood wine', 'wine, red', 'wines that are red', 'other'][i % 5] ?? '',
      )
    }
    return chats.findIds('red wine')
  }

  test.each([1, 2, 7, 100])('of %d hold each hit once, in both directions', async (size) => {
    const chats = newSegueSearchFixture()
    const all = await many(chats)
    expect(all).toHaveLength(20)
    for (const backwards of [false, true]) {
      const walked = await readAllPages((request) => chats.find('red wine', request), size, backwards)
      expect(walked.map(hitId)).toEqual(all)
    }
  })

  test('of a search that is always late hold each hit once, too', async () => {
    const chats = newSegueSearchFixture({ timeoutMs: -1 })
    await many(chats)
    const all = await newSegueSearchFixture({ path: chats.path }).findIds('red wine')
    expect((await chats.find('red wine')).searchedUpTo).not.toBeNull()
    for (const backwards of [false, true]) {
      const walked = await readAllPages((request) => chats.find('red wine', request), 3, backwards)
      expect(walked.map(hitId)).toEqual(all)
    }
  })

  test('between two keys hold what lies between them', async () => {
    const chats = newSegueSearchFixture()
    await many(chats)
    const { hits } = await chats.find('red wine')
    for (const backwards of [false, true]) {
      const range = { after: hits[3]?.key ?? null, before: hits[12]?.key ?? null, backwards }
      expect((await chats.find('red wine', range)).hits).toEqual(hits.slice(4, 12))
      expect((await chats.find('red wine', { ...range, limit: 2 })).hits).toEqual(
        backwards ? hits.slice(10, 12) : hits.slice(4, 6),
      )
    }
  })

  test('are right while rows come and go', async () => {
    const chats = newSegueSearchFixture()
    const session = await chats.addSession()
    const ids: string[] = []
    for (let i = 0; i < 9; i++) ids.unshift(await chats.addMessage(session, 'needle'))
    const first = await chats.find('needle', { limit: 3 })
    expect(first.hits.map(hitId)).toEqual(ids.slice(0, 3))
    const cursor = first.hits[2]?.key ?? null
    await chats.addMessage(session, 'needle')
    const remove = chats.database.prepare<[string]>('DELETE FROM messages WHERE id = ?')
    chats.database.transaction(() => [ids[2], ids[4]].forEach((id) => remove.run(id ?? '')))
    expect(await chats.findIds('needle', { after: cursor })).toEqual([ids[3], ...ids.slice(5)])
    expect(await chats.findIds('needle', { before: cursor, backwards: true, limit: 2 })).toEqual([ids[0], ids[1]])
  })

  test('go on behind a hit of Hermes by its time', async () => {
    const chats = newSegueSearchFixture()
    const session = await chats.addSession()
    const at = [10, 20, 20, 30].map((seconds) => 1_800_000_000_000 + seconds * 1000)
    const ids: string[] = []
    for (const createdAt of at) ids.push(await chats.addMessage(session, 'needle', { createdAt }))
    const key = { rank: 'PHRASE', at: at[1] ?? 0, origin: 'HERMES', number: 1 } as const
    expect(await chats.findIds('needle', { after: key })).toEqual([ids[0]])
    expect(await chats.findIds('needle', { before: key })).toEqual([ids[3], ids[2], ids[1]])
    expect(await chats.findIds('needle', { after: { ...key, at: at[0] ?? 0 } })).toEqual([])
    expect(await chats.findIds('needle', { before: { ...key, at: (at[3] ?? 0) + 1 } })).toEqual([])
    expect(await chats.findIds('needle', { after: { ...key, rank: 'TITLE' } })).toHaveLength(4)
    expect(await chats.findIds('needle', { after: { ...key, rank: 'ALL_TERMS' } })).toEqual([])
  })
})

test('filters', async () => {
  const chats = newSegueSearchFixture()
  const plain = await chats.addSession('needle')
  const archived = await chats.addSession('needle', { archived: true })
  const pinned = await chats.addSession('needle', { pinned: true })
  const both = await chats.addSession('needle', { archived: true, pinned: true })
  const said = new Map<string, string>()
  for (const id of [plain, archived, pinned, both]) said.set(id, await chats.addMessage(id, 'a needle'))
  const of = (...sessions: string[]): (string | undefined)[] => [...sessions, ...sessions.map((id) => said.get(id))]
  const found = (filter: object) => chats.findIds('needle', { filter })
  expect(await found({})).toEqual(of(both, pinned, archived, plain))
  expect(await found({ archived: true })).toEqual(of(both, archived))
  expect(await found({ archived: false })).toEqual(of(pinned, plain))
  expect(await found({ pinned: true })).toEqual(of(both, pinned))
  expect(await found({ pinned: false, archived: false })).toEqual(of(plain))
  expect(await found({ pinned: true, archived: true })).toEqual(of(both))
  expect(await found({ ids: [plain, both, 'nobody', plain] })).toEqual(of(both, plain))
  expect(await found({ ids: [plain, both], archived: false })).toEqual(of(plain))
  expect(await found({ ids: [] })).toEqual([])
  expect(await found({ channels: ['SEGUE', 'CLI'] })).toEqual(of(both, pinned, archived, plain))
  expect(await found({ channels: ['CLI'] })).toEqual([])
  expect(await found({ origin: 'SEGUE', pinned: true })).toEqual(of(both, pinned))
  expect(await found({ origin: 'HERMES' })).toEqual([])
  for (const backwards of [false, true]) {
    const walked = await readAllPages(
      (request) => chats.find('needle', { ...request, filter: { pinned: true } }),
      1,
      backwards,
    )
    expect(walked.map(hitId)).toEqual(of(both, pinned))
  }
})

test('a long message is one hit, of the best rank that one of its stretches has', async () => {
  const chats = newSegueSearchFixture()
  const session = await chats.addSession()
  const filler = 'lorem ipsum dolor '.repeat(1_000)
  const long = await chats.addMessage(
    session,
    `wine and red ${filler} red wine ${filler} red wine ${filler} wines, red`,
  )
  const short = await chats.addMessage(session, 'wine, red')
  await chats.waitForIndexing()
  expect(chats.countEntries().message).toBeGreaterThan(4)
  for (const size of [1, 2, 5]) {
    for (const backwards of [false, true]) {
      const walked = await readAllPages((request) => chats.find('red wine', request), size, backwards)
      expect(walked.map((hit) => [hitId(hit), hit.key.rank])).toEqual([
        [long, 'PHRASE'],
        [short, 'ALL_TERMS'],
      ])
    }
  }
  const { hits } = await chats.find('red wine', { limit: 1 })
  expect(hits[0]?.snippet).toMatch(/^….{0,45}red wine.*…$/)
  expect(chats.loggedErrors).toEqual([])
})

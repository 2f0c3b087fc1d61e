import { expect, test } from 'vitest'
import { z } from 'zod'
import { type LineageFixture, withLineageFixture } from '../../support/sessions/lineage-fixture.ts'
import { ask } from '../../support/server/graphql-request.ts'

const transcript = z.object({
  session: z.object({ transcript: z.object({ edges: z.array(z.object({ node: z.object({ text: z.string() }) })) }) }),
})

/** Ids of the length that the fixture's check of lists expects. */
const toId = (letter: string, index: number): string => `${letter}${String(index).padStart(7, '0')}`

/** Adds a chain of Hermes sessions, each with this many messages, and a session of Segue that continues it. */
async function addChain(fixture: LineageFixture, letter: string, segments: number, messages: number): Promise<string> {
  fixture.hermes.transaction(() => {
    for (let index = 0; index < segments; index += 1) {
      const id = fixture.addSegment(toId(letter, index), index === 0 ? null : toId(letter, index - 1), {
        started_at: index * 1000,
      })
      for (let number = 0; number < messages; number += 1)
        fixture.hermes.addMessage(id, index * 1000 + number, { content: `${index} ${number}` })
    }
  })
  return fixture.continueSession(toId(letter, segments - 1))
}

async function readLastPage({ segue, statements }: LineageFixture, id: string) {
  const query = `query ($id: ID!) { session(id: $id) { transcript(last: 5) { edges { node { text } } } } }`
  statements.length = 0
  const { session } = await ask(segue.url, transcript, { query, variables: { id } })
  const reads = statements.filter(({ sql }) => /^\s*(SELECT|WITH)\b/i.test(sql))
  return { texts: session.transcript.edges.map(({ node }) => node.text), reads }
}

test('A page of a transcript reads no messages of the sessions before it, however many they are and have', () =>
  withLineageFixture(async (fixture) => {
    const cases = [
      { letter: 'a', segments: 3, messages: 10 },
      { letter: 'b', segments: 40, messages: 10 },
      { letter: 'c', segments: 3, messages: 300 },
    ]
    const counts: number[] = []
    for (const { letter, segments, messages } of cases) {
      const tip = await addChain(fixture, letter, segments, messages)
      await readLastPage(fixture, tip) // brings the index up to date
      fixture.hermes.addMessage(toId(letter, 0), 1, { content: 'Late' }) // so that nothing is cached
      const { texts, reads } = await readLastPage(fixture, tip)
      expect(texts).toEqual(Array.from({ length: 5 }, (_, index) => `${segments - 1} ${messages - 5 + index}`))
      const earlierIds = Array.from({ length: segments - 1 }, (_, index) => toId(letter, index))
      const messageReads = reads.filter(({ sql }) => sql.startsWith('SELECT messages.')).map(({ sql }) => sql)
      expect(messageReads.some((sql) => sql.includes(toId(letter, segments - 1)))).toBe(true)
      expect(messageReads.filter((sql) => earlierIds.some((id) => sql.includes(id)))).toEqual([])
      // One statement for each step up to the root.
      counts.push(reads.filter(({ sql }) => !/rowid|max\(|change/.test(sql)).length - segments)
    }
    expect(Math.max(...counts)).toBeLessThan(12)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(5)
  }))

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { EventReader } from '../../support/clients/reader.ts'
import { newHome, startTestSegue } from '../../support/server/segue.ts'
import { post } from '../../support/server/post.ts'
import { damageTable } from '../../support/storage/damage-table.ts'
import { TestDatabase } from '../../support/storage/test-database.ts'

const searchSchema = z.object({ search: z.object({ edges: z.array(z.unknown()) }) })

test(
  'a follower of a damaged log gets an error and its end, and /ready names the page',
  { timeout: 60_000 },
  async () => {
    const home = newHome()
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    const first = await startTestSegue({ settings: { home } })
    const before = new ChatClient(first.url)
    const { id } = await before.start({ text: 'Hi' })
    await new EventReader(before.followStream(id)).readUntilType('StreamFinished')
    await before[Symbol.asyncDispose]()
    await first.close()
    const page = damageTable(join(home, 'segue.db'), 'events')

    await using segue = await startTestSegue({ settings: { home } })
    await using client = new ChatClient(segue.url)
    const reader = new EventReader(client.followStream(id))
    await expect(reader.readUntilType('StreamFinished')).rejects.toThrow(/is damaged/)
    const readReadiness = async (): Promise<string> => (await fetch(`${segue.url}/ready`)).text()
    await expect.poll(readReadiness, { timeout: 10_000 }).toContain(`page ${page} `)
    expect((await fetch(`${segue.url}/ready`)).status).toBe(503)
  },
)

test('an answer is stored although the search index is damaged, and /ready names the page', async () => {
  const home = newHome()
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const page = damageTable(join(home, 'segue.db'), 'message_index_data')
  await using segue = await startTestSegue({ settings: { home } })
  await using client = new ChatClient(segue.url)
  const { id, session } = await client.start({ text: 'Hi' })
  const { stream, message } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  expect(stream.status).toBe('COMPLETED')
  expect((await client.messages(session.id)).at(-1)?.text).toBe(message?.text)
  const readReadiness = async (): Promise<string> => (await fetch(`${segue.url}/ready`)).text()
  await expect.poll(readReadiness, { timeout: 10_000 }).toContain(`page ${page} `)
})

test('a damaged search index is built again while the server runs', { timeout: 60_000 }, async () => {
  await using segue = await startTestSegue()
  await using client = new ChatClient(segue.url)
  const chat = async (text: string): Promise<void> => {
    const { id } = await client.start({ text })
    const { stream } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
    expect(stream.status).toBe('COMPLETED')
  }
  const countHits = async (query: string): Promise<number> => {
    const { data } = await post(segue.url, `{ search(query: "${query}") { edges { cursor } } }`)
    return searchSchema.parse(data).search.edges.length
  }
  await chat('A quince in the orchard')
  await expect.poll(() => countHits('quince'), { timeout: 10_000 }).toBeGreaterThan(0)
  {
    using database = TestDatabase.write(segue.home)
    database.execUnprotected('UPDATE message_index_data SET block = zeroblob(20)')
  }
  await chat('A medlar in the orchard')
  for (const query of ['quince', 'medlar'])
    await expect.poll(() => countHits(query), { timeout: 20_000 }).toBeGreaterThan(0)
  await expect.poll(async () => (await fetch(`${segue.url}/ready`)).status, { timeout: 10_000 }).toBe(200)
  using database = TestDatabase.write(segue.home)
  database.exec("INSERT INTO message_index (message_index) VALUES ('integrity-check')")
})

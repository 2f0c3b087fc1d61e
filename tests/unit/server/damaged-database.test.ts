import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { EventReader } from '../../support/clients/reader.ts'
import { newHome, startTestSegue, type TestSegue } from '../../support/server/segue.ts'
import { post } from '../../support/server/post.ts'
import { damageTable } from '../../support/storage/damage-table.ts'
import { TestDatabase } from '../../support/storage/test-database.ts'

const searchSchema = z.object({
  data: z.object({ search: z.object({ edges: z.array(z.unknown()) }).nullable() }).nullable(),
  errors: z.array(z.object({ extensions: z.object({ code: z.string() }) })).optional(),
})

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
    await expect.poll(readReadiness).toContain(`page ${page} `)
    expect((await fetch(`${segue.url}/ready`)).status).toBe(503)
  },
)

async function chat({ url }: TestSegue, text: string): Promise<void> {
  await using client = new ChatClient(url)
  const { id } = await client.start({ text })
  const { stream } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  expect(stream.status).toBe('COMPLETED')
}

/** FOUND, NOTHING, or the code of the error if the search fails. */
async function search({ url }: TestSegue, text: string): Promise<string> {
  const { data, errors } = searchSchema.parse(await post(url, `{ search(query: "${text}") { edges { cursor } } }`))
  return errors?.[0]?.extensions.code ?? (data?.search?.edges.length ? 'FOUND' : 'NOTHING')
}

async function expectFound(segue: TestSegue, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) await expect.poll(() => search(segue, text)).toBe('FOUND')
}

/** A home whose chat the search finds, and whose database has the damage. */
async function newDamagedHome(damage: (path: string) => unknown): Promise<string> {
  const home = newHome()
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  await using segue = await startTestSegue({ settings: { home } })
  await chat(segue, 'A quince in the orchard')
  await expectFound(segue, 'quince')
  await segue.close()
  damage(join(home, 'segue.db'))
  return home
}

/** Damages what is within the pages, so that SQLite can free them. */
function damageBlocks(path: string): void {
  using database = TestDatabase.write(dirname(path))
  database.execUnprotected('UPDATE message_index_data SET block = zeroblob(20)')
}

/** Damages a page of the index of a running server that has nothing left to index. */
async function damageWhenIndexed(home: string, table: string): Promise<void> {
  using database = TestDatabase.write(home)
  await expect
    .poll(() => database.value('SELECT (SELECT count(*) FROM search_backfill) + (SELECT count(*) FROM search_queue)'))
    .toBe(0)
  // Not busy: all pages are in the file.
  await expect.poll(() => database.value('PRAGMA wal_checkpoint(TRUNCATE)')).toBe(0)
  damageTable(join(home, 'segue.db'), table)
}

/** /ready has no problem any more, and the log one line about the index. */
async function expectRebuilt(segue: TestSegue): Promise<void> {
  const readReadiness = async () => (await fetch(`${segue.url}/ready`)).json()
  await expect.poll(readReadiness).toEqual({ status: 'ready', problems: [] })
  expect(segue.warnings).toEqual([expect.stringContaining('The search index was damaged.')])
}

const damages: readonly (readonly [string, (path: string) => unknown])[] = [
  ['blocks of the index', damageBlocks],
  ...['message_index_data', 'message_index_docsize', 'message_entries', 'entries_of_message', 'search_queue'].map(
    (table) => [`a page of ${table}`, (path: string) => damageTable(path, table)] as const,
  ),
]

describe('a damaged search index is built again while the server runs', { timeout: 60_000 }, () => {
  test.each(damages)('if a commit meets %s; the answer is stored', async (_, damage) => {
    const home = await newDamagedHome(damage)
    await using segue = await startTestSegue({ settings: { home } })
    await chat(segue, 'A medlar in the orchard')
    await expectFound(segue, 'quince', 'medlar')
    await expectRebuilt(segue)
  })

  test.each(['message_index_data', 'title_index_data'])('if only a search meets a page of %s', async (table) => {
    const home = await newDamagedHome(() => undefined)
    await using segue = await startTestSegue({ settings: { home } })
    await damageWhenIndexed(home, table)
    // The first searches fail.
    const isKnown = async () => (await search(segue, 'quince')) === 'FOUND' && segue.warnings.length > 0
    await expect.poll(isKnown).toBe(true)
    await expectRebuilt(segue)
  })
})

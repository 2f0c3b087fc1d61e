import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  type HermesHome,
  loadHermesState,
  newHermesHome,
  startHermesServer,
  takeoverMs,
} from '../../support/postgres/hermes-servers.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { ask, request } from '../../support/server/graphql-request.ts'
import type { ServerProcess } from '../../support/server/server-process.ts'

/** A Hermes agent with a conversation of two sessions, and one that has ended in the terminal. */
function createHermesHome(): HermesHome {
  const { folder, hermes } = newHermesHome()
  hermes.addSession('one', { title: 'The garden', end_reason: 'compression', ended_at: 3 })
  hermes.addMessage('one', 2, { content: 'Which apple keeps longest?' })
  hermes.addSession('two', { started_at: 4, parent_session_id: 'one', end_reason: 'cli_close', ended_at: 6 })
  hermes.addMessage('two', 5, { content: 'And which pear?' })
  return { folder, hermes }
}

const listQuery = `{
  server { hermes { state } }
  conversations { edges { node { id title segmentCount tip { id messageCount lineageRoot { id } segmentCount } } } }
  conversationCounts { total origins { origin count } }
}`

/** The texts of a session, or the error that reading them has. */
async function readMessages({ url }: ServerProcess, id: string): Promise<string> {
  const query = `{ session(id: "${id}") { messages { edges { node { text } } } } }`
  const { data, errors = [] } = await request(url, { query })
  const [error] = errors
  return error ? `${String(error.extensions?.['code'])}: ${error.message}` : JSON.stringify(data)
}

const hitsSchema = z.object({
  search: z.object({ edges: z.array(z.object({ node: z.object({ snippet: z.string() }) })) }),
})

async function findTexts({ url }: ServerProcess, query: string, filter = ''): Promise<string[]> {
  const search = `{ search(query: "${query}" ${filter}) { edges { node { snippet } } } }`
  return (await ask(url, hitsSchema, { query: search })).search.edges.map(({ node }) => node.snippet)
}

test('all processes list what one reads; while it is gone, its messages cannot be read, until another one takes over', async () => {
  const database = await useTestDatabase()
  const { folder, hermes } = createHermesHome()
  const reader = await startHermesServer(database, folder)
  const other = await startHermesServer(database, null)
  const list = (server: ServerProcess) => ask(server.url, z.unknown(), { query: listQuery })
  await expect.poll(() => loadHermesState(other)).toBe('FOUND')
  await expect.poll(async () => JSON.stringify(await list(other))).toContain('The garden')
  const listed = await list(reader)
  expect(listed).toMatchObject({
    server: { hermes: { state: 'FOUND' } },
    conversations: { edges: [{ node: { id: 'cnv_one', segmentCount: 2, tip: { id: 'two', messageCount: 1 } } }] },
  })
  expect(await list(other)).toEqual(listed)
  expect(await readMessages(other, 'two')).toContain('And which pear?')
  hermes.addMessage('two', 7, { content: 'And which plum?' })
  await expect.poll(() => readMessages(other, 'two')).toContain('And which plum?')

  expect(await findTexts(other, 'pear')).toEqual(['And which pear?'])
  expect(await findTexts(reader, 'pear')).toEqual(['And which pear?'])

  // A conversation of Hermes goes on in a process that has none of its files.
  const start = 'mutation { createSession(input: { continues: "two" }) { id } }'
  const created = await ask(other.url, z.object({ createSession: z.object({ id: z.string() }) }), { query: start })
  const { id } = created.createSession
  const send = `mutation { startChat(input: { sessionId: "${id}", text: "Hello" }) { id } }`
  await ask(other.url, z.unknown(), { query: send })
  const lineage = `{ session(id: "${id}") { lineageRoot { id } segmentCount conversation { id title } } }`
  for (const { url } of [reader, other])
    expect(await ask(url, z.unknown(), { query: lineage })).toEqual({
      session: { lineageRoot: { id: 'one' }, segmentCount: 3, conversation: { id: 'cnv_one', title: 'The garden' } },
    })

  await reader.stop('SIGKILL')
  await expect.poll(() => loadHermesState(other), { timeout: takeoverMs }).toBe('UNREACHABLE')
  expect(await readMessages(other, 'two')).toMatch(/^STORAGE: The process that reads Hermes is gone\./)
  expect(await findTexts(other, 'pear')).toEqual([])
  await expect(findTexts(other, 'pear', 'filter: { origin: HERMES }')).rejects.toThrow('is gone')
  expect(await ask(other.url, z.unknown(), { query: '{ message(id: "gone:1") { id } }' })).toEqual({ message: null })
  expect(JSON.stringify(await list(other))).toContain('The garden')
  const rename = 'mutation { updateConversation(id: "cnv_one", input: { title: "The orchard" }) { title } }'
  expect(await ask(other.url, z.unknown(), { query: rename })).toEqual({ updateConversation: { title: 'The orchard' } })

  await startHermesServer(database, folder)
  await expect.poll(() => loadHermesState(other), { timeout: takeoverMs }).toBe('FOUND')
  await expect.poll(() => readMessages(other, 'two')).toContain('And which plum?')
  expect(JSON.stringify(await list(other))).toContain('The orchard')
}, 90_000)

test('of two processes that have the files of Hermes one reads them, and the other takes over when it is killed', async () => {
  const database = await useTestDatabase()
  const { folder, hermes } = createHermesHome()
  const [first, second] = [await startHermesServer(database, folder), await startHermesServer(database, folder)]
  expect(await readMessages(second, 'one')).toContain('Which apple')
  await first.stop('SIGKILL')
  hermes.addSession('three', { title: 'The woods', started_at: 8 })
  hermes.addMessage('three', 9, { content: 'Which mushroom?' })
  await expect.poll(() => loadHermesState(second), { timeout: takeoverMs }).toBe('FOUND')
  await expect.poll(() => readMessages(second, 'three'), { timeout: takeoverMs }).toContain('Which mushroom?')
}, 60_000)

test('what Hermes had before the first start is not unread in any process, and what comes after it is', async () => {
  const database = await useTestDatabase()
  const { folder, hermes } = createHermesHome()
  const reader = await startHermesServer(database, folder)
  const other = await startHermesServer(database, null)
  const load = ({ url }: ServerProcess) =>
    ask(url, z.unknown(), { query: '{ conversations { edges { node { attention } } } }' })
  const listOf = (attention: string) => ({ conversations: { edges: [{ node: { attention } }] } })
  for (const server of [reader, other]) await expect.poll(() => load(server)).toEqual(listOf('IDLE'))
  hermes.addMessage('two', Date.now() / 1000, { content: 'A pear.', role: 'assistant' })
  for (const server of [reader, other]) await expect.poll(() => load(server)).toEqual(listOf('UNREAD'))
}, 60_000)

import { expect, test } from 'vitest'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { startOnPostgres } from '../../support/postgres/start-on-postgres.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'

const listTitles = (client: ChatClient): Promise<unknown> =>
  client.ask('{ sessions(first: 10) { edges { node { title } } } }')

const listProfiles = (client: ChatClient): Promise<unknown> => client.ask('{ profiles { name } }')

test('what one server stores is there for the next one, whose home is another', async () => {
  const url = await useTestDatabase()
  const titles = { sessions: { edges: [{ node: { title: 'Good morning' } }] } }
  let sessionId: string
  {
    await using segue = await startOnPostgres(url)
    await using client = new ChatClient(segue.url)
    const { id, session } = await client.start({ text: 'Good morning' })
    const events = await Array.fromAsync(client.followStream(id))
    expect(events.at(-1)).toMatchObject({ type: 'StreamFinished', status: 'COMPLETED' })
    expect(await listTitles(client)).toEqual(titles)
    sessionId = session.id
  }
  await using segue = await startOnPostgres(url)
  await using client = new ChatClient(segue.url)
  expect(await listTitles(client)).toEqual(titles)
  const [question, answer] = await client.messages(sessionId)
  expect([question?.text, answer?.status]).toEqual(['Good morning', 'COMPLETE'])
})

test('a file that one server has received is served by another', async () => {
  const database = await useTestDatabase()
  await using first = await startOnPostgres(database)
  await using second = await startOnPostgres(database)
  const text = 'A long text, in pieces. '.repeat(10_000)
  await using client = new ChatClient(first.url)
  const url = `data:text/plain;base64,${Buffer.from(text).toString('base64')}`
  const file = { mediaType: 'text/plain', name: 'long.txt', url }
  const { id, session } = await client.start({ text: 'Look', files: [file] })
  await Array.fromAsync(client.followStream(id))
  await using other = new ChatClient(second.url)
  const [question] = await other.messages(session.id)
  const part = question?.parts.find(({ type }) => type === 'FilePart')
  const served = await fetch(new URL(part?.type === 'FilePart' ? part.url : '', second.url))
  expect(await served.text()).toBe(text)
})

test('a profile that one server creates is one for all, until one deletes it', async () => {
  const url = await useTestDatabase()
  await using first = await startOnPostgres(url)
  await using second = await startOnPostgres(url)
  await using client = new ChatClient(first.url)
  await using other = new ChatClient(second.url)
  await client.ask('mutation { createProfile(name: "work") { name } }')
  expect(await listProfiles(other)).toEqual({ profiles: [{ name: 'default' }, { name: 'work' }] })
  await expect(other.ask('mutation { createProfile(name: "work") { name } }')).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
  })
  await other.ask('mutation { startChat(input: { text: "At work", profile: "work" }) { id } }')
  const running = '{ profile(name: "work") { sessions(first: 1) { edges { node { activeStream { id } } } } } }'
  await expect.poll(async () => JSON.stringify(await other.ask(running))).toContain('{"activeStream":null}')
  await client.ask('mutation { deleteProfile(name: "work") }')
  for (const each of [client, other]) expect(await listProfiles(each)).toEqual({ profiles: [{ name: 'default' }] })
})

test('a session shows the stream that another server runs, and its queue', async () => {
  const database = await useTestDatabase()
  await using first = await startOnPostgres(database, { settings: { offlineDelayMs: 1_000 } })
  await using second = await startOnPostgres(database)
  await using client = new ChatClient(first.url)
  const { id, session } = await client.start({ text: 'Who are you?' })
  const queued = await client.start({ text: 'And why?', sessionId: session.id, ifBusy: 'QUEUE' })
  const query = `{ session(id: "${session.id}") { activeStream { id status } queue { id } } }`
  for (const each of [first, second]) {
    await using other = new ChatClient(each.url)
    const shown = { activeStream: { id, status: 'RUNNING' }, queue: [{ id: queued.id }] }
    expect(await other.ask(query)).toEqual({ session: shown })
  }
})

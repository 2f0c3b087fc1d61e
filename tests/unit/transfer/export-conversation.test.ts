import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { migrations } from '../../../src/storage/sqlite/database/migrations.ts'
import { never, streamToEnd } from '../../contract/support/chat.ts'
import { connect } from '../../contract/support/clients.ts'
import { openChatFixture, newChatFixture } from '../../support/fixtures/chats/agent-chats.ts'
import { newTempFolder, startTestSegue } from '../../support/server/segue.ts'
import { newTool, newToolSource } from '../../support/fixtures/tools.ts'
import { newSessionRecord } from '../../support/sessions/session-record.ts'
import { exportToFile, importFromFile, newHomePath } from '../../support/transfer/transfers.ts'
import { TestDatabase } from '../../support/storage/test-database.ts'

test('a conversation is exported only if all its streams are finished', async () => {
  await using fixture = newChatFixture(async function* () {
    yield { type: 'text', block: 'one', text: 'Hel' }
    await never
  })
  const { id, sessionId } = await fixture.start('Hello')
  const unfinished = `The stream ${id} is not finished.`
  await expect(exportToFile({ home: fixture.home, id: sessionId })).rejects.toThrow(unfinished)
  await fixture.chats.cancel(id)
  expect((await exportToFile({ home: fixture.home, id: sessionId })).text).toContain('"status":"CANCELLED"')
})

test('an earlier export is replaced; any other file of that name, such as a database, is left alone', async () => {
  await using fixture = newChatFixture(async function* () {
    yield { type: 'text', block: 'one', text: 'Hello' }
  })
  const { id, sessionId } = await fixture.start('Hello')
  await fixture.follow(id)
  const output = join(newTempFolder(), 'chat.json')
  const exportIt = () => exportToFile({ home: fixture.home, id: sessionId, output })
  const { text } = await exportIt()
  expect((await exportIt()).text).toBe(text)
  for (const content of ['SQLite format 3', '{"providers": {}}', '']) {
    writeFileSync(output, content)
    await expect(exportIt()).rejects.toThrow(`${output} exists and is no export. Name another file.`)
    expect(readFileSync(output, 'utf8')).toBe(content)
  }
})

test('a message that is too long for a row is restored from the log', async () => {
  const text = 'a word and another one '.repeat(20_000)
  await using fixture = newChatFixture(async function* () {
    yield { type: 'text', block: 'one', text }
  })
  const { id, sessionId } = await fixture.start('Hello')
  await fixture.follow(id)
  const document = await exportToFile({ home: fixture.home, id: sessionId })
  expect(document.text).toContain('"parts":[],"inLog":true')
  const home = newHomePath()
  await importFromFile(document.path, home)
  expect((await exportToFile({ home, id: sessionId })).text).toBe(document.text)
  await using other = openChatFixture(home)
  const stream = await other.profile.eventStore.findStream(id)
  const message = await other.chats.messageQueries.findStoredMessage(stream?.messageId ?? '')
  expect(message?.parts).toMatchObject([{ type: 'text', text }])
  const found = await other.profile.search.find(
    { query: 'a word and another', filter: {}, after: null, before: null, limit: 5, backwards: false },
    new AbortController().signal,
  )
  expect(found.hits).toHaveLength(1)
})

test('retries are exported with their conversation, and have their places and originals after an import', async () => {
  await using fixture = newChatFixture(async function* () {
    yield { type: 'text', block: 'one', text: 'An answer about otters.' }
  })
  const first = await fixture.start('Which animal?')
  const stream = await fixture.follow(first.id).then(() => fixture.profile.eventStore.findStream(first.id))
  const second = await fixture.start('Which other?', { sessionId: first.sessionId })
  await fixture.follow(second.id)
  const again = await fixture.chats.regenerate(second.userMessageId, { text: 'Which third one?' })
  await fixture.follow(again.id)
  const document = await exportToFile({ home: fixture.home, id: again.sessionId })
  const home = newHomePath()
  await importFromFile(document.path, home)
  expect((await exportToFile({ home, id: first.sessionId })).text).toBe(document.text)
  await using other = openChatFixture(home)
  const [retry] = await other.profile.segueSessions.findSessions([again.sessionId])
  expect(retry).toMatchObject({ retryOf: second.userMessageId, takesPlaceOf: first.sessionId, forkedFrom: null })
  const conversations = await other.profile.segueSessions.findConversationsBySession([again.sessionId])
  expect(conversations.get(again.sessionId)).toMatchObject({ rootId: first.sessionId, segmentCount: 2 })
  const page = { after: null, before: null, limit: 10, backwards: false }
  const messages = await other.profile.segueSessions.listMessages(again.sessionId, page)
  expect(messages.map(({ copyOf }) => copyOf)).toEqual([first.userMessageId, stream?.messageId, undefined, undefined])
  expect(messages.map(({ turnId }) => turnId)).toEqual(
    [first, first, second, second].map(({ userMessageId }) => userMessageId),
  )
  const found = await other.profile.search.find(
    { query: 'otters', filter: {}, limit: 9, after: null, before: null, backwards: false },
    new AbortController().signal,
  )
  expect(found.hits).toHaveLength(3)
})

test('a fork that is imported without the conversation that it was made from is found by its copies', async () => {
  await using fixture = newChatFixture(async function* () {
    yield { type: 'text', block: 'one', text: 'An answer about otters.' }
  })
  const { id, sessionId } = await fixture.start('Which animal?')
  await fixture.follow(id)
  const { messageId } = (await fixture.profile.eventStore.findStream(id)) ?? {}
  const fork = await fixture.chats.fork(messageId ?? '')
  const [original, copy] = [
    await exportToFile({ home: fixture.home, id: sessionId }),
    await exportToFile({ home: fixture.home, id: fork.id }),
  ]
  const home = newHomePath()
  const search = async () => {
    await using other = openChatFixture(home)
    const { hits } = await other.profile.search.find(
      { query: 'otters', filter: {}, limit: 9, after: null, before: null, backwards: false },
      new AbortController().signal,
    )
    return hits.map((hit) => hit.sessionId)
  }
  await importFromFile(copy.path, home)
  expect(await search()).toEqual([fork.id])
  await importFromFile(original.path, home)
  expect(await search()).toEqual([sessionId])
})

test('a missing or damaged file is noted, and everything else is exported', async () => {
  const home = newTempFolder()
  const run = async (): Promise<string> => 'x'.repeat(100_000)
  const tool = newTool({ name: 'read', isReadOnly: true, execute: run })
  const sessionId = await (async () => {
    await using segue = await startTestSegue({ settings: { home }, createToolSource: () => newToolSource(tool) })
    await using client = connect('http', segue.url)
    return (await streamToEnd(client, { text: '/tool read {}' })).end.sessionId
  })()
  const [hash = ''] = readdirSync(join(home, 'files'))
  writeFileSync(join(home, 'files', hash), 'y')
  expect((await exportToFile({ home, id: sessionId })).notes).toEqual([expect.stringContaining(`${hash} is damaged`)])
  rmSync(join(home, 'files', hash))
  const document = await exportToFile({ home, id: sessionId })
  expect(document.notes).toEqual([expect.stringContaining(`${hash} is missing`)])
  const other = newHomePath()
  await importFromFile(document.path, other, 'work')
  expect((await exportToFile({ home: other, id: sessionId, profile: 'work' })).text).toBe(document.text)
  await expect(exportToFile({ home: other, id: sessionId, profile: 'default' })).rejects.toThrow(
    'There is no conversation',
  )
})

describe('a database of an older Segue', () => {
  test('is not exported, and stays as it is', async () => {
    const home = newTempFolder()
    const { path, database } = createOldDatabase(home)
    await expect(exportToFile({ home, id: 'ses_1' })).rejects.toThrow(
      `${path} was written by an older Segue. Start this version once`,
    )
    expect(database.value('PRAGMA user_version')).toBe(1)
    database.close()
  })

  test('stays as it is when another profile imports a document', async () => {
    await using fixture = newChatFixture(async function* () {
      yield { type: 'text', block: 'one', text: 'Hello' }
    })
    const { id, sessionId } = await fixture.start('Hello')
    await fixture.follow(id)
    const document = await exportToFile({ home: fixture.home, id: sessionId })
    const home = newHomePath()
    const { path, database } = createOldDatabase(join(home, 'profiles', 'work'))
    database.exec(
      "INSERT INTO sessions (id, source, started_at, last_activity_at, usage) VALUES ('ses_1', '', 0, 0, '{}')",
    )
    database.close()
    const bytes = readFileSync(path)
    await importFromFile(document.path, home)
    expect(readFileSync(path).equals(bytes)).toBe(true)
  })

  test('is searched for the sessions of the document', async () => {
    await using fixture = newChatFixture(async function* () {
      yield { type: 'text', block: 'one', text: 'Hello' }
    })
    const { id, sessionId } = await fixture.start('Hello')
    await fixture.follow(id)
    const document = await exportToFile({ home: fixture.home, id: sessionId })
    const home = newHomePath()
    const { database } = createOldDatabase(join(home, 'profiles', 'work'))
    database.run(
      "INSERT INTO sessions (id, source, started_at, last_activity_at, usage) VALUES (?, '', 0, 0, '{}')",
      sessionId,
    )
    database.close()
    await expect(importFromFile(document.path, home)).rejects.toThrow(
      `The session ${sessionId} exists already in the profile work.`,
    )
  })
})

function createOldDatabase(folder: string) {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'segue.db')
  const database = TestDatabase.write(folder)
  database.exec(migrations[0] ?? '')
  database.exec('PRAGMA user_version = 1')
  return { path, database }
}

test('a session whose parent was deleted is exported without it, and can be imported', async () => {
  const home = newTempFolder()
  const childId = await (async () => {
    await using fixture = openChatFixture(home)
    const { eventStore } = fixture.profile
    const [parent, child] = ['ses_01h455vb4pex5vsknk084s0001', 'ses_01h455vb4pex5vsknk084s0002'] as const
    const fields = { origin: 'SEGUE', source: 'segue', endReason: 'compression' } as const
    await eventStore.createSession({ session: newSessionRecord({ id: parent, ...fields }), messages: [] })
    await eventStore.createSession({
      session: newSessionRecord({ id: child, parentId: parent, ...fields }),
      messages: [],
    })
    await eventStore.deleteSessions([parent])
    return child
  })()
  const document = await exportToFile({ home, id: childId })
  expect(document.text).toContain('"parentId":null')
  const other = newHomePath()
  await importFromFile(document.path, other)
  expect((await exportToFile({ home: other, id: childId })).text).toBe(document.text)
})

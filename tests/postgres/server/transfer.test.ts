import { expect, onTestFinished, test } from 'vitest'
import { openTransferStorage } from '../../../src/cli/storage/open-transfer-storage.ts'
import { silentLogger } from '../../../src/lib/logger.ts'
import type { TransferStorage } from '../../../src/storage/transfer/transfer-storage.ts'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { Subscription } from '../../support/postgres/several-servers.ts'
import { startOnPostgres } from '../../support/postgres/start-on-postgres.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { newTempFolder } from '../../support/server/segue.ts'
import { exportToFile, importFromFile } from '../../support/transfer/transfers.ts'

async function openDatabase(url: string): Promise<TransferStorage> {
  const storage = await openTransferStorage({ url, listenUrl: url, schema: 'segue' }, silentLogger)
  onTestFinished(() => storage[Symbol.asyncDispose]())
  return storage
}

/** Chats in a database, with a file, and returns the id of the session. */
async function chat(url: string): Promise<string> {
  await using segue = await startOnPostgres(url)
  await using client = new ChatClient(segue.url)
  const file = { mediaType: 'text/plain', name: 'owls.txt', url: `data:text/plain;base64,${btoa('Owls')}` }
  const { id, session } = await client.start({ text: 'Read this', files: [file] })
  await Array.fromAsync(client.followStream(id))
  return session.id
}

test('a conversation is exported from one database, and imported into another while a server uses it', async () => {
  const [from, to] = [await useTestDatabase(), await useTestDatabase()]
  const id = await chat(from)
  const home = newTempFolder()
  const { path, text } = await exportToFile({ home, id, storage: await openDatabase(from) })
  await using segue = await startOnPostgres(to)
  await using client = new ChatClient(segue.url)
  const feed = new Subscription(
    client.subscribe('subscription { result: conversationsChanged { conversationId } }', {}),
  )
  await feed.waitForFirst()
  const storage = await openDatabase(to)
  await importFromFile(path, home, 'default', storage)
  await feed.waitForNewest({ conversationId: `cnv_${id}` })
  const [question, answer] = await client.messages(id)
  expect([question?.text, answer?.status]).toEqual(['Read this', 'COMPLETE'])
  const part = question?.parts.find(({ type }) => type === 'FilePart')
  const served = await fetch(new URL(part?.type === 'FilePart' ? part.url : '', segue.url))
  expect(await served.text()).toBe('Owls')
  expect(await client.ask('{ conversations(first: 5) { edges { node { title } } } }')).toMatchObject({
    conversations: { edges: [{ node: { title: 'Read this' } }] },
  })
  expect((await exportToFile({ home, id, storage })).text).toBe(text)
})

test('a conversation moves from a database to a home, and is the same there', async () => {
  const url = await useTestDatabase()
  const id = await chat(url)
  const home = newTempFolder()
  const { path, text } = await exportToFile({ home, id, storage: await openDatabase(url) })
  await importFromFile(path, home)
  expect((await exportToFile({ home, id })).text).toBe(text)
})

test('what a database has already is not imported', async () => {
  const url = await useTestDatabase()
  const id = await chat(url)
  const home = newTempFolder()
  const storage = await openDatabase(url)
  const { path } = await exportToFile({ home, id, storage })
  await expect(importFromFile(path, home, 'work', storage)).rejects.toThrow(
    `The session ${id} exists already in the profile default.`,
  )
})

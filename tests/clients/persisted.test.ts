import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startServerProcess } from '../support/server/server-process.ts'
import { createPersistingApollo } from './persisted/apollo.ts'
import { type PersistedMode, recordRequests, type SentRequest } from './persisted/persisting-client.ts'
import { createPersistingUrql } from './persisted/urql.ts'

const file = 'persisted-documents.json'
const token = 'token-of-an-application'

/** The offline agent, with the documents that GraphQL Code Generator has written. Trusts nothing else, if told so. */
async function startServer(mode: PersistedMode, hasTokens: boolean) {
  await using resources = new AsyncDisposableStack()
  const home = mkdtempSync(join(tmpdir(), 'segue-test-'))
  resources.defer(() => rmSync(home, { recursive: true, force: true }))
  copyFileSync(join(import.meta.dirname, 'persisted/__generated__', file), join(home, file))
  const config = mode === 'trusted' ? { persistedDocuments: { file, only: true } } : {}
  writeFileSync(join(home, 'config.json'), JSON.stringify(config))
  const argv = ['--port', '0', '--home', home, '--no-hermes', '--offline-delay', '0']
  const env = { HOME: home, ...(hasTokens && { SEGUE_TOKEN: token }) }
  const { url } = resources.use(await startServerProcess({ argv, env }))
  const owned = resources.move()
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const byGet: SentRequest = { method: 'GET', hasText: false }
const byPost: SentRequest = { method: 'POST', hasText: false }
const withText: SentRequest = { method: 'POST', hasText: true }

describe.each([
  ['Apollo Client', createPersistingApollo, withText],
  // It sends the text of a short query in the URL, too.
  ['urql', createPersistingUrql, { method: 'GET', hasText: true }],
])('%s', (_, createClient, registration) => {
  describe.each([false, true])('with tokens: %s', (hasTokens) => {
    async function start(mode: PersistedMode) {
      const server = await startServer(mode, hasTokens)
      const requests: SentRequest[] = []
      const headers: Record<string, string> = hasTokens ? { authorization: `Bearer ${token}` } : {}
      const client = createClient({ url: server.url, mode, headers, fetch: recordRequests(requests) })
      /** What was sent since the last call. */
      return { client, takeRequests: () => requests.splice(0), [Symbol.asyncDispose]: server[Symbol.asyncDispose] }
    }

    test('registers each document once, and then sends its hash', async () => {
      await using started = await start('automatic')
      const { client, takeRequests } = started
      expect(await client.create('First')).toBe('First')
      expect(takeRequests()).toEqual([byPost, withText])
      expect(await client.create('Second')).toBe('Second')
      expect(takeRequests()).toEqual([byPost])

      expect(await client.list()).toEqual(expect.arrayContaining(['First', 'Second']))
      expect(takeRequests()).toEqual([byGet, registration])
      expect(await client.list()).toHaveLength(2)
      expect(takeRequests()).toEqual([byGet])
      expect(await client.readVersion()).toMatchObject({ server: { version: expect.any(String) } })

      takeRequests()
      expect(await client.chat?.('Hello.')).not.toBe('')
      expect(takeRequests()).toEqual(client.chat ? [withText] : [])
    })

    test('sends the ids of the documents that the server trusts, and no others are executed', async () => {
      await using started = await start('trusted')
      const { client, takeRequests } = started
      expect(await client.create('First')).toBe('First')
      expect(await client.list()).toEqual(['First'])
      expect(takeRequests()).toEqual([byPost, byGet])
      expect(await client.chat?.('Hello.')).not.toBe('')
      expect(takeRequests()).toEqual(client.chat ? [byPost] : [])
      await expect(client.readVersion()).rejects.toThrow(/PersistedQueryNotFound|executes only the documents/)
    })
  })
})

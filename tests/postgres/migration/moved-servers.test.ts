import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { readHome } from '../../support/fixtures/read-home.ts'
import { runMigration } from '../../support/migration/run-migration.ts'
import { startOnPostgres } from '../../support/postgres/start-on-postgres.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { newTempFolder, startTestSegue } from '../../support/server/segue.ts'
import { runToEnd, startServerProcess } from '../../support/server/server-process.ts'

/** A home that a server of version 0.1.0 left when it was killed. */
const oldHome = new URL('../../support/fixtures/home-0.1/home/', import.meta.url).pathname

async function readFromHome(home: string): ReturnType<typeof readHome> {
  await using segue = await startTestSegue({ settings: { home, database: null } })
  return await readHome(segue.url)
}

async function readFromDatabase(url: string, home: string): ReturnType<typeof readHome> {
  await using segue = await startOnPostgres(url, { settings: { home } })
  return await readHome(segue.url)
}

test('what a home shows is the same in a database and in a home again', { timeout: 60_000 }, async () => {
  const [home, back, url] = [newTempFolder(), newTempFolder(), await useTestDatabase()]
  cpSync(oldHome, home, { recursive: true })
  await expect(runMigration({ home, url, isToDatabase: true })).rejects.toThrow(
    'was written by an older Segue. Start this version once to migrate it.',
  )
  const before = await readFromHome(home)
  await runMigration({ home, url, isToDatabase: true })
  expect(await readFromDatabase(url, home)).toEqual(before)
  await runMigration({ home: back, url, isToDatabase: false })
  expect(await readFromHome(back)).toEqual(before)
})

test(
  'answers that a killed server left in a home are ended in the database, and messages that waited are answered',
  {
    timeout: 60_000,
  },
  async () => {
    const [home, url] = [newTempFolder(), await useTestDatabase()]
    const argv = ['--home', home, '--no-hermes', '--port', '0', '--offline-delay', '50', '--model', 'offline/eliza']
    const env = { SEGUE_DATABASE_URL: '' }
    const server = await startServerProcess({ argv, env })
    const client = new ChatClient(server.url)
    const { id, session } = await client.start({ text: 'Tell me a long story' })
    const queued = await client.start({ sessionId: session.id, text: 'And then?', ifBusy: 'QUEUE' })
    let seen = ''
    for await (const event of client.followStream(id)) {
      if (event.type === 'TextDelta') seen += event.text
      if (seen.length > 10) break
    }
    await client[Symbol.asyncDispose]()
    await server.stop('SIGKILL')
    const { code, stderr } = await runToEnd({ argv: ['migrate', '--to', url, '--home', home] })
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        /^Copied 1 profile from the home to the database, and compared it: 1 session, 2 messages, /,
      ),
    ])
    await using segue = await startOnPostgres(url, { settings: { home } })
    await using other = new ChatClient(segue.url)
    await Array.fromAsync(other.followStream(id))
    const { status, message } = await other.stream(id)
    expect([status, message?.text.slice(0, seen.length)]).toEqual(['INTERRUPTED', seen])
    await Array.fromAsync(other.followStream(queued.id))
    expect((await other.stream(queued.id)).status).toBe('COMPLETED')
  },
)

test('the command says what is wrong with its flags', async () => {
  const run = async (...flags: string[]) => (await runToEnd({ argv: ['migrate', ...flags] })).stderr
  const needed = 'migrate: Needs either --to <url> or --from <url>: the URL of a PostgreSQL database.\n'
  const url = 'postgres://segue:top-secret-word@127.0.0.1:9/segue'
  expect(await run()).toBe(needed)
  expect(await run('--to', url, '--from', url)).toBe(needed)
  expect(await run('there', '--to', url)).toBe(
    'there: Unexpected argument. Use segue migrate --to <url>, or --from <url>.\n',
  )
  expect(await run('--to', '/somewhere')).toMatch(/^--to: Invalid value\. Must be the URL of a PostgreSQL database/)
  expect(await run('--from', url, '--home', join(newTempFolder(), 'home'))).toMatch(
    /^The database cannot be used: connect ECONNREFUSED 127\.0\.0\.1:9\./,
  )
})

import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { EventStream } from '../../support/clients/event-stream.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { ask } from '../../support/server/graphql-request.ts'
import { newHome } from '../../support/server/segue.ts'
import { type ServerProcess, startServerProcess } from '../../support/server/server-process.ts'

async function startServer(database: string): Promise<ServerProcess> {
  const home = newHome()
  const argv = ['--port', '0', '--home', home, '--no-hermes']
  const server = await startServerProcess({ argv, env: { SEGUE_DATABASE_URL: database } })
  onTestFinished(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(home, { recursive: true, force: true })
  })
  return server
}

const read = ({ url }: ServerProcess, query: string) => ask(url, z.unknown(), { query })

/** Follows the job runs of a profile until a test ends. */
async function followRuns({ url }: ServerProcess, profile: string): Promise<EventStream> {
  const stream = await EventStream.open(url, { query: `subscription { jobRuns(profile: "${profile}") { id } }` })
  onTestFinished(() => stream.destroy())
  return stream
}

const names = '{ profiles { name } }'

test('following a profile that does not exist does not create it', async () => {
  const server = await startServer(await useTestDatabase())
  await followRuns(server, 'work')
  await read(server, '{ sessions(filter: { profile: "work" }) { edges { node { id } } } }')
  expect(await read(server, names)).toEqual({ profiles: [{ name: 'default' }] })
})

test('a profile that one server has deleted is closed by the others: what follows it ends', async () => {
  const database = await useTestDatabase()
  const first = await startServer(database)
  await read(first, 'mutation { createProfile(name: "work") { name } }')
  const second = await startServer(database)
  const stream = await followRuns(second, 'work')
  await read(first, 'mutation { deleteProfile(name: "work") }')
  const events = await stream.readToEnd()
  expect(events.map(({ event }) => event)).toEqual(['complete'])
  expect(await read(second, names)).toEqual({ profiles: [{ name: 'default' }] })
})

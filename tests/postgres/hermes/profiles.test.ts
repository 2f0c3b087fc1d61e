import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { HermesCron, newHermesJob } from '../../support/hermes/hermes-cron.ts'
import { newHermesHome, startHermesServer, takeoverMs } from '../../support/postgres/hermes-servers.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { ask, request } from '../../support/server/graphql-request.ts'
import type { ServerProcess } from '../../support/server/server-process.ts'

const read = ({ url }: ServerProcess, query: string) => ask(url, z.unknown(), { query })

async function readFailure({ url }: ServerProcess, query: string): Promise<string> {
  const { errors = [] } = await request(url, { query })
  return errors.map(({ message }) => message).join('\n')
}

const namesSchema = z.object({ profiles: z.array(z.object({ name: z.string() })) })

async function listNames({ url }: ServerProcess): Promise<string[]> {
  return (await ask(url, namesSchema, { query: '{ profiles { name } }' })).profiles.map(({ name }) => name)
}

/** Adds a profile to a Hermes home, with a session and a job. Returns its folder. */
function addHermesProfile(hermesHome: string, name: string): string {
  const folder = join(hermesHome, 'profiles', name)
  mkdirSync(folder, { recursive: true })
  const hermes = new HermesDb(join(folder, 'state.db'))
  onTestFinished(() => hermes.close())
  hermes.addSession('one', { title: `Of ${name}`, input_tokens: 7, last_activity_at: Date.now() / 1000 })
  hermes.addMessage('one', 2, { content: `Said in ${name}` })
  new HermesCron(folder).writeCombined([newHermesJob({ id: 'birds' })])
  return folder
}

const contentQuery = (name: string): string => `{
  sessions(filter: { profile: "${name}" }) { edges { node { id title messages { edges { node { text } } } } } }
  jobs(profile: "${name}") { id }
  usage(profile: "${name}") { usage { inputTokens } }
}`

const contentOf = (name: string) => ({
  sessions: {
    edges: [
      {
        node: { id: `${name}@one`, title: `Of ${name}`, messages: { edges: [{ node: { text: `Said in ${name}` } }] } },
      },
    ],
  },
  jobs: [{ id: `${name}@birds` }],
  usage: [{ usage: { inputTokens: 7 } }],
})

test('a profile that only Hermes has is listed and read in every process, from when Hermes adds it until it removes it', async () => {
  const database = await useTestDatabase()
  const { folder } = newHermesHome()
  addHermesProfile(folder, 'work')
  const reader = await startHermesServer(database, folder)
  const other = await startHermesServer(database, null)
  for (const server of [reader, other]) {
    await expect.poll(() => listNames(server)).toEqual(['default', 'work'])
    await expect.poll(() => read(server, contentQuery('work'))).toEqual(contentOf('work'))
  }
  const playFolder = addHermesProfile(folder, 'play')
  await expect.poll(() => listNames(other)).toEqual(['default', 'play', 'work'])
  await expect.poll(() => read(other, contentQuery('play'))).toEqual(contentOf('play'))
  for (const server of [reader, other]) {
    expect(await readFailure(server, 'mutation { deleteProfile(name: "play") }')).toContain('belongs to Hermes')
    expect(await readFailure(server, 'mutation { createProfile(name: "play") { name } }')).toContain('exists already')
  }
  await read(
    other,
    'mutation { createJob(input: { profile: "work", name: "B", prompt: "C", schedule: "in 2h" }) { id } }',
  )

  rmSync(playFolder, { recursive: true })
  rmSync(join(folder, 'profiles', 'work'), { recursive: true })
  // What Segue has written to a profile of Hermes stays.
  for (const server of [other, reader]) await expect.poll(() => listNames(server)).toEqual(['default', 'work'])
  expect(await read(other, 'mutation { createProfile(name: "play") { name } }')).toEqual({
    createProfile: { name: 'play' },
  })
  expect(await read(reader, 'mutation { deleteProfile(name: "work") }')).toEqual({ deleteProfile: 'prf_work' })
  for (const server of [other, reader]) expect(await listNames(server)).toEqual(['default', 'play'])
}, 90_000)

test('a profile that only Hermes has is listed while no process reads it, and is one of Segue once something is written to it', async () => {
  const database = await useTestDatabase()
  const { folder } = newHermesHome()
  addHermesProfile(folder, 'work')
  const reader = await startHermesServer(database, folder)
  const other = await startHermesServer(database, null)
  await expect.poll(() => read(other, contentQuery('work'))).toEqual(contentOf('work'))
  await reader.stop('SIGKILL')
  const message = '{ session(id: "work@one") { messages { edges { node { text } } } } }'
  await expect.poll(() => readFailure(other, message), { timeout: takeoverMs }).toContain('is gone')
  expect(await listNames(other)).toEqual(['default', 'work'])
  expect(await readFailure(other, 'mutation { deleteProfile(name: "work") }')).toContain('belongs to Hermes')
  await read(other, 'mutation { updateConversation(id: "cnv_work@one", input: { title: "Mine" }) { id } }')
  expect(await read(other, 'mutation { deleteProfile(name: "work") }')).toEqual({ deleteProfile: 'prf_work' })
  expect(await listNames(other)).toEqual(['default'])
}, 60_000)

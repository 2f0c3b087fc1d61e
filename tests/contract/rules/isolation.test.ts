import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toProfileFolder } from '../../../src/profiles/profile-paths.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../../support/server/segue.ts'
import { newTool, newToolSource } from '../../support/fixtures/tools.ts'
import { requireNonNull } from '../support/typed-client.ts'
import { type Client, connect } from '../support/clients.ts'
import { waitForFirst } from '../support/good-variables.ts'
import { fillProfile, type FilledProfile } from '../support/filled-profile.ts'
import { listRootFields, loadFirstResult, variablesFor } from '../support/root-fields.ts'
import { withValue } from '../support/input-positions.ts'

const entries = listRootFields()

interface World {
  readonly segue: TestSegue
  readonly client: Client
  readonly of: ReadonlyMap<string, FilledProfile>
}

const names = ['default', 'alpha', 'beta'] as const
/** All rows of the database of a profile, and the names of its files. */
function stateOf({ segue, of }: World, profile: string): Record<string, unknown[]> {
  const storedFiles = readdirSync(join(toProfileFolder(segue.home, profile), 'files'))
  return { ...requireNonNull(of.get(profile)).rows.readAll(), storedFiles }
}

/** True for null, empty lists, the page info of an empty page, type names, and objects that contain only those. */
function holdsNothing(data: unknown): boolean {
  if (data === null || data === undefined || data === false || data === 0) return true
  if (typeof data !== 'object') return false
  return Object.entries(data).every(([key, value]) => key === '__typename' || holdsNothing(value))
}

let hermesHome: string
const agents: HermesDb[] = []
const worlds: World[] = []

beforeAll(() => {
  hermesHome = newTempFolder()
  for (const name of names) {
    const folder = toProfileFolder(hermesHome, name)
    mkdirSync(folder, { recursive: true })
    const db = new HermesDb(join(folder, 'state.db'))
    db.addSession('hermes-1', { title: `Theirs, word-of-${name}`, end_reason: 'cli_close' })
    db.addMessage('hermes-1', 2, { content: `word-of-${name}` })
    agents.push(db)
  }
})

afterAll(async () => {
  for (const { client, segue, of } of worlds) {
    for (const { rows } of of.values()) rows[Symbol.dispose]()
    await client[Symbol.asyncDispose]()
    await segue[Symbol.asyncDispose]()
  }
  for (const db of agents) db.close()
  rmSync(hermesHome, { recursive: true, force: true })
})

async function newWorld(): Promise<World> {
  const toolsOf = () => newToolSource(newTool({ name: 'look' }))
  const segue = await startTestSegue({ settings: { hermesHome }, createToolSource: toolsOf })
  const client = connect('webSocket', segue.url)
  mkdirSync(join(segue.home, 'profiles', 'spare'), { recursive: true })
  const filled = await Promise.all(names.map((name) => fillProfile(segue, client, name)))
  const of = new Map(filled.map((each) => [each.profile, each]))
  const environment = { segue, client, of }
  worlds.push(environment)
  return environment
}

const mutations = entries.filter(({ kind }) => kind === 'mutation')
const others = entries.filter(({ kind }) => kind !== 'mutation')
const mixed = entries.filter(({ ids, profiles }) => ids.length > 0 && profiles.length > 0)

test('Every field of the root types is tried', () => {
  expect(entries.length).toBeGreaterThan(25)
  expect(mixed.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'Query.sessions',
      'Mutation.createSession',
      'Mutation.startChat',
      'Subscription.streamChat',
    ]),
  )
})

/** Environments that all tests so far have left unchanged. */
const untouched: World[] = []

describe('An id of one profile', () => {
  let environment: World
  beforeAll(async () => {
    environment = await newWorld()
    untouched.push(environment)
  })
  const pairs = names.flatMap((owner) => names.filter((name) => name !== owner).map((named) => [owner, named] as const))

  test.each(mixed)('is unknown to $name with the name of another profile', async (entry) => {
    const { client, of } = environment
    const before = names.map((name) => stateOf(environment, name))
    const tries = pairs.flatMap(([owner, named]) => {
      const { sessionId, messageId, streamId } = requireNonNull(of.get(owner))
      const hermesId = owner === 'default' ? 'hermes-1' : `${owner}@hermes-1`
      return entry.ids.flatMap((path) =>
        [sessionId, messageId, streamId, hermesId].map(async (id) => {
          const value = path.at(-1) === 'ids' ? [id] : id
          const variables = withValue(variablesFor(entry, requireNonNull(of.get(named))), path, value)
          const { data, errors } = await loadFirstResult(client, entry, variables)
          const codes = errors?.map(({ extensions }) => extensions?.['code'])
          if (codes) expect(['NOT_FOUND', 'BAD_USER_INPUT'], `${id} in ${named}`).toEqual(expect.arrayContaining(codes))
          else expect(holdsNothing(data), `${id} in ${named}`).toBe(true)
        }),
      )
    })
    await Promise.all(tries)
    expect(names.map((name) => stateOf(environment, name))).toEqual(before)
  })
})

/** Fields that always belong to all profiles. */
const ofAll = new Set(['Query.profiles'])
/** A profile cannot keep the keys of its own creation and deletion. */
const keysInDefault = new Set(['Mutation.createProfile', 'Mutation.deleteProfile'])

describe.each([
  ['default', 'beta'],
  ['alpha', 'default'],
])('An operation in %s, beside %s,', (profile, otherProfile) => {
  let environment: World
  beforeAll(async () => {
    environment = untouched.pop() ?? (await newWorld())
  })

  // Mutations come last, in an order in which each of them is possible.
  test.each([...others, ...mutations])(
    '$name reveals nothing of the other one, and does not change it',
    async (entry) => {
      const { client, of } = environment
      const other = requireNonNull(of.get(otherProfile))
      const before = stateOf(environment, otherProfile)
      const ownIds = requireNonNull(of.get(profile))
      const first = loadFirstResult(client, entry, variablesFor(entry, ownIds))
      const { data, errors } = await waitForFirst(entry.name, { ...ownIds, client }, first)
      expect(errors).toBeUndefined()
      const after = stateOf(environment, otherProfile)
      if (keysInDefault.has(entry.name)) after['idempotency_keys'] = before['idempotency_keys'] ?? []
      expect(after).toEqual(before)
      if (ofAll.has(entry.name)) return
      const response = JSON.stringify(data)
      expect([other.word, ...other.ids].filter((secret) => response.includes(secret))).toEqual([])
    },
  )
})

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newTestToken } from '../../support/config/test-token.ts'
import { newTool, newToolSource } from '../../support/fixtures/tools.ts'
import { startTestSegue, type TestSegue } from '../../support/server/segue.ts'
import { type Client, connect, connectWithHeaders, type Result } from '../support/clients.ts'
import { fillProfile, type FilledProfile } from '../support/filled-profile.ts'
import { listRootFields, loadFirstResult, type RootField, variablesFor } from '../support/root-fields.ts'

/**
 * The role that each root field needs. It is written here a second time, so that a new root field, or a new role for one,
 * is a decision that somebody has made twice.
 */
const neededRoles: Readonly<Record<string, string>> = {
  Query: 'READ',
  Mutation: 'USER',
  Subscription: 'READ',
  'Mutation.createProfile': 'ADMIN',
  'Mutation.deleteProfile': 'ADMIN',
  'Subscription.streamChat': 'USER',
}

const knownFields = new Set([
  ...['approvals', 'clarifications', 'conversation', 'conversationCounts', 'conversations', 'events', 'job', 'jobs'],
  ...['mcpServers', 'message', 'models', 'node', 'profile', 'profiles', 'schedulePreview', 'search', 'server'],
  ...['session', 'sessionByKey', 'sessions', 'stream', 'usage', 'answerApproval', 'answerClarification'],
  ...['cancelStream', 'compactSession', 'createJob', 'createProfile', 'createSession', 'deleteConversation'],
  ...['deleteJob', 'deleteProfile', 'deleteSession', 'deleteSessions', 'forgetApproval', 'forkSession', 'markRead'],
  ...['moveQueuedMessage', 'regenerate', 'runJob', 'sendQueuedMessage', 'startChat', 'updateConversation'],
  ...['updateJob', 'updateQueuedMessage', 'updateSession', 'updateSessions', 'withdrawMessage'],
  ...['conversationsChanged', 'followSession', 'followStream', 'jobRuns', 'streamChat'],
])

const entries = listRootFields()
const roles = ['READ', 'USER', 'ADMIN'] as const
const toRole = ({ name }: RootField): string => neededRoles[name] ?? neededRoles[name.split('.')[0] ?? ''] ?? ''
const isAllowed = (role: string, entry: RootField): boolean =>
  roles.findIndex((each) => each === role) >= roles.findIndex((each) => each === toRole(entry))

const tokens = {
  READ: newTestToken('screen', 'READ', ['default']),
  USER: newTestToken('phone', 'USER', ['default']),
  ADMIN: newTestToken('laptop', 'ADMIN'),
}

let segue: TestSegue
let own: FilledProfile
let foreign: FilledProfile
let clients: Readonly<Record<(typeof roles)[number], Client>>

beforeAll(async () => {
  segue = await startTestSegue({ createToolSource: () => newToolSource(newTool({ name: 'look' })) })
  mkdirSync(join(segue.home, 'profiles', 'spare'), { recursive: true })
  await using client = connect('webSocket', segue.url)
  own = await fillProfile(segue, client, 'default')
  foreign = await fillProfile(segue, client, 'alpha')
  segue.tokens.replace(Object.values(tokens))
  const newClient = (role: keyof typeof tokens) => connectWithHeaders(segue.url, tokens[role].headers)
  clients = { READ: newClient('READ'), USER: newClient('USER'), ADMIN: newClient('ADMIN') }
})
afterAll(async () => {
  for (const { rows } of [own, foreign]) rows[Symbol.dispose]()
  await segue[Symbol.asyncDispose]()
})

const listCodes = ({ errors }: Result<unknown>): unknown[] =>
  (errors ?? []).map(({ extensions }) => extensions?.['code'])

/** The only result, or the first event: for a feed, that it can be followed is enough. */
async function load(client: Client, entry: RootField, variables: object): Promise<Result<unknown>> {
  if (entry.name !== 'Subscription.conversationsChanged') return loadFirstResult(client, entry, variables)
  for await (const result of client.subscribe(entry.operation, variables)) return result
  throw new Error('The subscription ended without a result.')
}

/** Of an id, one of the same form that nothing has. Of the profile, the name of one that does not exist. */
const toMissing = (text: string): string =>
  text === 'alpha' ? 'nobody' : text.replace(/.$/, (last) => (last === '0' ? '1' : '0'))

/** What belongs to the other profile in a text, replaced one by one. */
function replaceForeign(text: string, replace: (id: string) => string): string {
  return [...new Set([...foreign.ids, 'alpha'])].reduce((result, id) => result.replaceAll(id, replace(id)), text)
}

test('every root field has been given a role on purpose', () => {
  expect(entries.map(({ name }) => name.split('.')[1]).filter((name) => !knownFields.has(name ?? ''))).toEqual([])
})

describe.each(['READ', 'USER'] as const)('for a viewer with the role %s, what belongs to another profile', (role) => {
  test.each(entries)('$name answers exactly like what does not exist', async (entry) => {
    const before = foreign.rows.readAll()
    const variables = variablesFor(entry, foreign)
    const missing: object = JSON.parse(replaceForeign(JSON.stringify(variables), toMissing))
    const [found, expected] = [await load(clients[role], entry, variables), await load(clients[role], entry, missing)]
    const mark = (id: string): string => `<${foreign.ids.indexOf(id)}>`
    const expectedText = [...new Set([...foreign.ids, 'alpha'])].reduce(
      (text, id) => text.replaceAll(toMissing(id), mark(id)),
      JSON.stringify(expected),
    )
    expect(replaceForeign(JSON.stringify(found), mark)).toBe(expectedText)
    expect(JSON.stringify(found)).not.toContain(foreign.word)
    if (!isAllowed(role, entry)) expect(listCodes(found)).toEqual(['FORBIDDEN'])
    expect(foreign.rows.readAll()).toEqual(before)
  })
})

describe('in its own profile,', () => {
  test.each(entries)('$name is FORBIDDEN for exactly the roles that it is not for', async (entry) => {
    for (const role of roles) {
      if (isAllowed(role, entry)) continue
      expect(listCodes(await load(clients[role], entry, variablesFor(entry, own))), role).toEqual(['FORBIDDEN'])
    }
  })

  // Mutations come last, in an order in which each of them is possible.
  const allowed = [...entries].sort((a, b) => Number(a.kind === 'mutation') - Number(b.kind === 'mutation'))

  test.each(allowed)('$name works for the least role that it is for, and shows nothing of others', async (entry) => {
    const role = roles.find((each) => isAllowed(each, entry)) ?? 'ADMIN'
    const result = await load(clients[role], entry, variablesFor(entry, own))
    expect(result.errors).toBeUndefined()
    if (role === 'ADMIN') return
    const text = JSON.stringify(result.data)
    expect([foreign.word, '"alpha"', ...foreign.ids].filter((secret) => text.includes(secret))).toEqual([])
  })

  test.each(allowed)('$name works in every profile for an admin', async (entry) => {
    if (['Mutation.createProfile', 'Mutation.deleteProfile'].includes(entry.name)) return
    const result = await load(clients.ADMIN, entry, variablesFor(entry, foreign))
    expect(result.errors).toBeUndefined()
  })
})

test('a file of another profile is not found by its URL, and an upload into it is FORBIDDEN', async () => {
  const upload = (profile: string, role: 'USER' | 'ADMIN') =>
    fetch(`${segue.url}/files?profile=${profile}`, {
      method: 'POST',
      headers: { ...tokens[role].headers, 'content-type': 'text/plain' },
      body: 'text',
    })
  const url = (await upload('alpha', 'ADMIN')).headers.get('location') ?? ''
  const download = (path: string, role: 'USER' | 'ADMIN') => fetch(segue.url + path, { headers: tokens[role].headers })
  expect((await download(url, 'ADMIN')).status).toBe(200)
  const [found, missing] = [await download(url, 'USER'), await download(toMissing(url), 'USER')]
  expect([found.status, await found.text()]).toEqual([404, await missing.text()])

  const [existing, other] = [await upload('alpha', 'USER'), await upload('nobody', 'USER')]
  expect([existing.status, other.status]).toEqual([403, 403])
  expect((await existing.text()).replaceAll('alpha', 'nobody')).toBe(await other.text())
})

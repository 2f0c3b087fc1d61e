import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildSchema } from 'graphql'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { newTool, newToolSource } from '../../support/fixtures/tools.ts'
import { newHome, newTempFolder, startTestSegue, type TestSegue } from '../../support/server/segue.ts'
import { TestDatabase } from '../../support/storage/test-database.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { type Client, connect, transports } from '../support/clients.ts'
import { type RepeatableMutation, repeatableMutations } from '../support/repeatable-mutations.ts'
import { requireSingleError } from '../support/typed-client.ts'

const schema = buildSchema(readFileSync(join(import.meta.dirname, '..', '..', '..', 'schema.graphql'), 'utf8'))
const names = Object.keys(repeatableMutations)

test('Every mutation is repeated', () => {
  expect(names).toEqual(Object.keys(schema.getMutationType()?.getFields() ?? {}).toSorted())
})

/** Their keys are stored before the first transaction, and again after the last one. */
const ofSeveralTransactions = new Set(['createProfile', 'deleteProfile', 'deleteSessions', 'updateSessions'])

type Variables = Readonly<Record<string, unknown>>

const startServer = (home: string): Promise<TestSegue> =>
  startTestSegue({ settings: { home }, createToolSource: () => newToolSource(newTool({ name: 'look' })) })

/** Calls a mutation with a key. */
async function call(
  client: Client,
  { declarations, call: field, selection }: RepeatableMutation,
  variables: Variables,
) {
  return client.execute<Record<string, unknown>, Variables>(
    `mutation ($key: String!, ${declarations}) { result: ${field} ${selection} }`,
    variables,
  )
}

async function callToEnd(client: Client, mutation: RepeatableMutation, variables: Variables): Promise<unknown> {
  const { data, errors } = await call(client, mutation, variables)
  if (errors) throw new Error(JSON.stringify(errors))
  return data?.['result']
}

/** Whether a stream is queued and does not wait for one that waits for a decision. */
const isNextSql = `(status = 'QUEUED' AND session_id NOT IN (SELECT session_id FROM streams WHERE status = 'WAITING'))`

/** How much there is, when no stream runs. Deltas are coalesced later, and keys are no effect. */
async function countRows(home: string): Promise<Record<string, number>> {
  using database = TestDatabase.read(home)
  await waitUntil(() => database.count(`streams WHERE status = 'RUNNING' OR ${isNextSql}`) === 0)
  await waitUntil(() => database.count('job_runs WHERE finished_at IS NULL') === 0)
  const tables = ['sessions', 'messages', 'streams', 'decisions', 'approval_rules', 'jobs', 'job_runs']
  return Object.fromEntries(tables.map((table) => [table, database.count(table)]))
}

describe.each(transports)('A mutation that is repeated with its key, over %s,', (transport) => {
  const home = newHome()
  /** The first call of each mutation. */
  const first = new Map<string, { readonly variables: Variables; readonly result: unknown }>()
  let segue: TestSegue
  let client: Client

  beforeAll(async () => {
    segue = await startServer(home)
    client = connect(transport, segue.url)
  })
  afterAll(async () => {
    await client[Symbol.asyncDispose]()
    await segue[Symbol.asyncDispose]()
    rmSync(home, { recursive: true, force: true })
  })

  test.each(names)('%s happens once, and returns the same, at the same time and later', async (name) => {
    const mutation = requireMutation(name)
    const variables = { ...(await mutation.arrange(client)), key: `key of ${name}` }
    // Otherwise the key is stored in the transaction of what the call changes.
    const { idempotencyKeys } = segue.defaultProfile.profile
    const spies = [vi.spyOn(idempotencyKeys, 'add'), vi.spyOn(idempotencyKeys, 'put')]
    const results = await Promise.all(Array.from({ length: 3 }, () => callToEnd(client, mutation, variables)))
    const [result] = results
    expect(results).toEqual([result, result, result])
    for (const spy of spies) {
      expect(spy).toHaveBeenCalledTimes(ofSeveralTransactions.has(name) ? 1 : 0)
      spy.mockRestore()
    }
    const rows = await countRows(home)
    const profiles = await segue.profiles.listNames()
    expect(await callToEnd(client, mutation, variables)).toEqual(result)
    expect(await countRows(home)).toEqual(rows)
    expect(await segue.profiles.listNames()).toEqual(profiles)
    first.set(name, { variables, result })
  })

  test.each(names)('%s is refused with other arguments, and for another field', async (name) => {
    const mutation = requireMutation(name)
    const key = `key of ${name}`
    const change = Object.keys(mutation.change).length > 0 ? mutation.change : await mutation.arrange(client)
    const otherField = requireMutation(name === 'createSession' ? 'createJob' : 'createSession')
    const rows = await countRows(home)
    const others = [
      await call(client, mutation, { ...first.get(name)?.variables, ...change }),
      await call(client, otherField, { ...(await otherField.arrange(client)), key }),
    ]
    for (const other of others) expect(requireSingleError(other).code).toBe('IDEMPOTENCY_MISMATCH')
    expect(await countRows(home)).toEqual(rows)
  })

  test('every one returns the same after a crash, and NOT_FOUND after a deletion', async () => {
    const copy = newTempFolder()
    cpSync(home, copy, { recursive: true })
    // After the server has closed: it does not give up while its home is gone.
    onTestFinished(() => rmSync(copy, { recursive: true, force: true }))
    await using restarted = await startServer(copy)
    await using other = connect(transport, restarted.url)
    for (const [name, { variables, result }] of first)
      expect(await callToEnd(other, requireMutation(name), variables), name).toEqual(result)
    // The messages that were queued are answered now.
    await countRows(copy)
    for (const [name, { variables, result }] of first) {
      const mutation = requireMutation(name)
      if (!mutation.deletion) continue
      const deleted = await other.execute(mutation.deletion(result, variables), {})
      expect(deleted.errors, name).toBeUndefined()
      expect(requireSingleError(await call(other, mutation, variables)).code, name).toBe('NOT_FOUND')
    }
  })
})

function requireMutation(name: string): RepeatableMutation {
  const mutation = repeatableMutations[name]
  if (!mutation) throw new Error(`${name} is not in the table.`)
  return mutation
}

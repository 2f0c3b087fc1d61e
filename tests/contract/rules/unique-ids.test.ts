import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { toProfileFolder } from '../../../src/profiles/profile-paths.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { ask } from '../../support/server/graphql-request.ts'
import { newTempFolder, startTestSegue } from '../../support/server/segue.ts'
import { pollUntil } from '../support/job.ts'

/** Everything of a profile that has an id, with its type. */
const query = `query ($profile: String!) {
  profile(name: $profile) { __typename id models { __typename id } }
  conversations(filter: { profile: $profile }) { edges { node { __typename id } } }
  sessions(filter: { profile: $profile }) { edges { node { __typename id
    messages { edges { node { __typename id stream { __typename id } toolCalls { __typename id } } } } } } }
  approvals(profile: $profile) { __typename id }
  clarifications(profile: $profile) { __typename id }
  jobs(profile: $profile) { __typename id runs { edges { node { __typename id } } } }
}`

/** Adds the type of each id in a response, and expects that an id has one type. */
function collectIds(value: unknown, types: Map<string, string>): void {
  if (typeof value !== 'object' || value === null) return
  const node = z.object({ __typename: z.string(), id: z.string() }).safeParse(value).data
  if (node) {
    expect(types.get(node.id) ?? node.__typename, node.id).toBe(node.__typename)
    types.set(node.id, node.__typename)
  }
  for (const member of Object.values(value)) collectIds(member, types)
}

/** Ids of Hermes that are those of another object, unless they are told from them. */
const confusingIds = ['cnv_one', 'prf_default', 'mdl_default:offline/eliza', 'work@one', 'default@one', 'cnv_cnv_one']

test('Ids are unique over all types and profiles, and lead to what has them', async () => {
  const hermesHome = newTempFolder()
  onTestFinished(() => rmSync(hermesHome, { recursive: true, force: true }))
  const names = ['default', 'work']
  for (const name of names) {
    const folder = toProfileFolder(hermesHome, name)
    mkdirSync(folder, { recursive: true })
    using db = Object.assign(new HermesDb(join(folder, 'state.db')), { [Symbol.dispose]: () => db.close() })
    for (const session of ['one', ...(name === 'default' ? confusingIds : [])]) {
      db.addSession(session)
      db.addMessage(session, 1)
      db.addToolCalls(session, 2, ['call_1'])
    }
  }
  await using segue = await startTestSegue({ settings: { hermesHome } })
  const write = (mutation: string, variables: object) =>
    ask(segue.url, z.object({ it: z.object({ id: z.string() }) }), { query: mutation, variables: { ...variables } })
  const byProfile = new Map<string, Map<string, string>>()
  for (const profile of names) {
    const chat =
      'mutation ($profile: String!, $text: String!) { it: startChat(input: { profile: $profile, text: $text, model: "offline/eliza" }) { id } }'
    await write(chat, { profile, text: 'Hello' })
    await write(chat, { profile, text: '/ask Where?' })
    const job = `mutation ($profile: String!) { it: createJob(input: {
      profile: $profile, name: "Birds", prompt: "Hello", schedule: "0 9 29 2 *", model: "offline/eliza" }) { id } }`
    const { it } = await write(job, { profile })
    await ask(segue.url, z.unknown(), { query: `mutation { runJob(id: "${it.id}") { run { id } } }` })
    const read = async (): Promise<Map<string, string>> => {
      const types = new Map<string, string>()
      collectIds(await ask(segue.url, z.unknown(), { query, variables: { profile } }), types)
      return types
    }
    byProfile.set(profile, await pollUntil(read, (types) => [...types.values()].includes('Clarification')))
  }
  const [first = new Map<string, string>(), second = new Map<string, string>()] = [...byProfile.values()]
  for (const types of byProfile.values()) {
    const kinds = [
      'Profile',
      'Model',
      'Conversation',
      'Session',
      'Message',
      'Stream',
      'ToolCall',
      'Clarification',
      'Job',
      'JobRun',
    ]
    expect(new Set(types.values())).toEqual(new Set(kinds))
    for (const [id, type] of types) {
      if (type === 'ToolCall') continue
      const found = await ask(segue.url, z.unknown(), {
        query: 'query ($id: ID!) { node(id: $id) { __typename id } }',
        variables: { id },
      })
      expect(found).toEqual({ node: { __typename: type, id } })
    }
  }
  expect([...first.keys()].filter((id) => second.has(id))).toEqual([])
})

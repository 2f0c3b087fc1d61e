import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ChatsElsewhere } from './support/chats-elsewhere.ts'
import { type ServerUnderTest, startServerUnderTest } from './support/server-under-test.ts'
import { createGenqlClient } from './typed/genql.ts'
import { createGqlTadaClient } from './typed/gql-tada.ts'
import { createZeusClient } from './typed/zeus.ts'

describe.each([
  ['gql.tada', createGqlTadaClient],
  ['genql', createGenqlClient],
  ['Zeus', createZeusClient],
])('a program with the types of %s', (_name, createClient) => {
  let server: ServerUnderTest
  const create = () => createClient(`${server.url}/graphql`)

  beforeAll(async () => {
    server = await startServerUnderTest()
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  test('lists the conversations', async () => {
    await using client = create()
    const id = await new ChatsElsewhere(server).chat('What grows here?')
    await server.ask('mutation ($id: ID!) { updateSession(id: $id, input: { title: "Garden" }) { id } }', { id })
    expect(await client.list()).toEqual([{ title: 'Garden', lastActivityAt: expect.stringMatching(/^\d{4}-.*Z$/) }])
  })

  test('receives an answer as it is saved', async () => {
    await using client = create()
    server.provider.enqueue([
      { text: 'One 😀 "half",\n' },
      { text: 'and the other.' },
      { finish: 'stop' },
      { usage: { input: 10, output: 5 } },
    ])
    const text = 'One 😀 "half",\nand the other.'
    expect(await client.chat('Say "hello",\nthen go on.')).toEqual({ received: text, saved: text, outputTokens: 5 })
  })

  test('cancels an answer', async () => {
    await using client = create()
    server.provider.enqueue([{ text: 'One half' }, { wait: new Promise(() => undefined) }])
    const { promise: started, resolve: start } = Promise.withResolvers<string>()
    const answer = client.chat('Talk.', (_received, streamId) => start(streamId))
    expect(await client.cancel(await started)).toBe('CANCELLED')
    expect(await answer).toMatchObject({ received: 'One half', saved: 'One half' })
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { ask, requireNonNull, expectRefusal, mutate } from '../support/typed-client.ts'
import { newSession, loadSession, streamToEnd } from '../support/chat.ts'
import { type Client, transports } from '../support/clients.ts'
import { CreateSessionDocument, type CreateSessionMutationVariables, SessionsDocument } from '../generated/graphql.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'

function ended(db: HermesDb): void {
  for (const [id, reason] of [
    ['compacted', 'compression'],
    ['moved', 'cli_close'],
    ['branched', 'branched'],
    ['shouted', 'COMPRESSION'],
    ['open', null],
  ] as const) {
    db.addSession(id, { title: `The ${id} one`, ended_at: reason && 5, end_reason: reason, model: 'their/model' })
    db.addMessage(id, 2, { content: 'What did I say?' })
    db.addMessage(id, 3, { role: 'assistant', content: 'That you like trees.' })
  }
}

const create = async (client: Client, variables: CreateSessionMutationVariables) =>
  (await mutate(client, CreateSessionDocument, variables)).createSession

let environment: TestEnvironment
beforeAll(async () => {
  environment = await newTestEnvironment('http', { fillHermes: ended })
})
afterAll(() => environment[Symbol.asyncDispose]())

describe.each(transports)('createSession, over %s,', (transport) => {
  test('creates an empty Segue session', async () => {
    await using client = environment.connect(transport)
    const before = Date.now()
    const session = await create(client, {})
    expect(session).toMatchObject({
      id: expect.stringMatching(/^ses_[0-9a-z]{26}$/),
      title: null,
      model: null,
      source: 'segue',
      channel: 'SEGUE',
      origin: 'SEGUE',
      endedAt: null,
      messageCount: 0,
      headSeq: 0,
      parent: null,
      lineageRoot: { id: session.id },
      segmentCount: 1,
      pinned: false,
      archived: false,
      activeStream: null,
    })
    expect(Date.parse(session.startedAt)).toBeGreaterThanOrEqual(before)
    expect(session.lastActivityAt).toBe(session.startedAt)
    expect(await loadSession(client, session.id)).toEqual(session)
  })

  test('accepts a title, which becomes one line, and a model', async () => {
    await using client = environment.connect(transport)
    const session = await create(client, {
      title: '  Trees \n of\tmine\0 🌳',
      model: 'offline/eliza',
      profile: 'default',
    })
    expect(session).toMatchObject({ title: 'Trees of mine 🌳', model: 'offline/eliza' })
    const { end } = await streamToEnd(client, { sessionId: session.id, text: 'Hello' })
    expect(end.stream.model).toBe('offline/eliza')
    expect((await create(client, { title: 'x'.repeat(200) })).title).toHaveLength(200)
    expect((await create(client, { title: 'half \ud83c' })).title).toBe('half \ufffd')
  })

  test.each(['compacted', 'moved'])('continues a Hermes session that was %s', async (continues) => {
    await using client = environment.connect(transport)
    const { provider } = environment
    const session = await create(client, { continues })
    expect(session).toMatchObject({
      title: `The ${continues} one`,
      model: null,
      parent: { id: continues },
      lineageRoot: { id: continues },
      segmentCount: 2,
    })
    expect((await create(client, { continues, title: 'Mine' })).title).toBe('Mine')

    // The model's context starts with the earlier messages.
    provider.enqueue('Yes.')
    await streamToEnd(client, { sessionId: session.id, text: 'Do you remember?' })
    const { messages } = requireNonNull(provider.requests.at(-1)).body
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(JSON.stringify(messages)).toMatch(/What did I say.*That you like trees.*Do you remember/)
    expect(provider.rejections).toEqual([])
  })

  test('continues a Segue continuation only after it has ended in that way', async () => {
    await using client = environment.connect(transport)
    const continues = await newSession(client)
    const path = ['input', 'continues']
    expect(await expectRefusal(client, CreateSessionDocument, { continues })).toMatchObject({
      code: 'BAD_USER_INPUT',
      path,
    })
  })

  test.each(['branched', 'shouted', 'open', 'nobody'])(
    'refuses to continue a session that is %s, and writes nothing',
    async (continues) => {
      await using client = environment.connect(transport)
      const { sessions } = await ask(client, SessionsDocument, {})
      expect(await expectRefusal(client, CreateSessionDocument, { continues, title: 'Mine' })).toMatchObject({
        code: 'BAD_USER_INPUT',
        path: ['input', 'continues'],
      })
      expect((await ask(client, SessionsDocument, {})).sessions).toEqual(sessions)
    },
  )
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newTestToken } from '../../tests/support/config/test-token.ts'
import { startTestSegue, type TestSegue } from '../../tests/support/server/segue.ts'
import { catchError, newClient, transports } from './support/client.ts'

const phone = newTestToken('phone', 'USER', ['default'])
const screen = newTestToken('screen', 'READ', ['default'])

let segue: TestSegue
beforeAll(async () => {
  segue = await startTestSegue({ settings: { tokens: [phone, screen] } })
})
afterAll(() => segue[Symbol.asyncDispose]())

const createSession = 'mutation { created: createSession(input: {}) { id } }'
const startChat = 'mutation ($id: ID) { startChat(input: { sessionId: $id, text: "Hi" }) { id } }'

describe.each(transports)('with a server that has tokens, over %s,', (transport) => {
  test('a client with one asks, follows, uploads and reads files', async () => {
    segue.tokens.replace([phone, screen])
    using client = newClient({ url: segue.url, transport, token: phone.text })
    const { created } = await client.request<{ readonly created: { readonly id: string } }>(createSession)
    const following = client.followSession(created.id)
    const first = following.next()
    await client.request(startChat, { id: created.id })
    expect((await first).done).toBe(false)
    await following.return?.()
    const { url } = await client.upload(new File(['text'], 'a.txt', { type: 'text/plain' }))
    expect(await (await client.file(url)).text()).toBe('text')
  })

  test('one without, and one whose token was removed, is UNAUTHENTICATED, and its subscription ends', async () => {
    segue.tokens.replace([phone, screen])
    using stranger = newClient({ url: segue.url, transport })
    expect(await catchError(stranger.request('{ __typename }'))).toMatchObject({ code: 'UNAUTHENTICATED' })
    using client = newClient({ url: segue.url, transport, token: phone.text })
    const { created } = await client.request<{ readonly created: { readonly id: string } }>(createSession)
    const following = client.followSession(created.id)
    const first = following.next()
    await client.request(startChat, { id: created.id })
    await first
    segue.tokens.replace([screen])
    const codes = ['UNAUTHENTICATED', 'FORBIDDEN']
    const failure = async (): Promise<void> => {
      for (;;) if ((await following.next()).done) return
    }
    expect(codes).toContain(Object(await catchError(failure())).code)
  })

  test('a token with the role read is FORBIDDEN to write', async () => {
    using client = newClient({ url: segue.url, transport, token: screen.text })
    expect(await catchError(client.request(createSession))).toMatchObject({ code: 'FORBIDDEN' })
  })
})

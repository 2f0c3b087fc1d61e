import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { newProvider } from '../../support/providers/provider.ts'
import { StrictProvider } from '../../support/providers/strict-provider.ts'
import { post } from '../../support/server/post.ts'
import { newHome, startTestSegue, type TestSegue } from '../../support/server/segue.ts'

const home = newHome()
let segue: TestSegue
let sessionId: string
let messageId: string

const startSegue = (models: readonly string[], baseURL: string): Promise<TestSegue> =>
  startTestSegue({
    settings: { home, model: 'strict/new', providers: [newProvider({ name: 'strict', baseURL, models })] },
  })

beforeAll(async () => {
  await using provider = await StrictProvider.start()
  {
    await using before = await startSegue(['old', 'new'], provider.baseURL)
    await using client = new ChatClient(before.url)
    provider.enqueue('Hello.')
    const created = await post(before.url, 'mutation { createSession(input: { model: "strict/old" }) { id } }')
    sessionId = String(Object(created.data?.['createSession']).id)
    const stream = await client.start({ text: 'Hi', sessionId })
    for await (const event of client.followStream(stream.id)) if (event.type === 'StreamFinished') break
    messageId = (await client.messages(sessionId))[0]?.id ?? ''
  }
  segue = await startSegue(['new'], provider.baseURL)
})

afterAll(async () => {
  await segue.close()
  rmSync(home, { recursive: true, force: true })
})

/** The error of a mutation, in which $session and $message stand for the ids. */
async function refusal(mutation: string) {
  const text = mutation.replace('$session', JSON.stringify(sessionId)).replace('$message', JSON.stringify(messageId))
  return (await post(segue.url, `mutation { ${text} }`)).errors[0]
}

const message = 'Unknown model "strict/old". Models of this provider: strict/new.'

describe('a session whose model is no longer configured', () => {
  test.each([
    ['compactSession', 'compactSession(id: $session) { id }'],
    ['regenerate', 'regenerate(messageId: $message) { id }'],
    ['startChat without a model', 'startChat(input: { sessionId: $session, text: "Go on" }) { id }'],
  ])('is refused by %s with an empty path, because no argument is wrong', async (_, mutation) => {
    expect(await refusal(mutation)).toMatchObject({ message, extensions: { code: 'BAD_USER_INPUT', path: [] } })
  })

  test('is answered by another model that the request names, and after updateSession', async () => {
    expect(
      await refusal('startChat(input: { sessionId: $session, text: "Go on", model: "strict/new" }) { id }'),
    ).toBeUndefined()
    expect(await refusal('updateSession(id: $session, input: { model: "strict/new" }) { id }')).toBeUndefined()
  })
})

describe('an unknown model that the request names', () => {
  test.each([
    ['startChat', 'startChat(input: { text: "Hi", model: "strict/old" }) { id }'],
    ['createSession', 'createSession(input: { model: "strict/old" }) { id }'],
    ['updateSession', 'updateSession(id: $session, input: { model: "strict/old" }) { id }'],
    ['updateSessions', 'updateSessions(ids: [$session], input: { model: "strict/old" }) { id }'],
    ['createJob', 'createJob(input: { name: "a", prompt: "b", schedule: "every 1h", model: "strict/old" }) { id }'],
  ])('is refused by %s with the path of the argument', async (_, mutation) => {
    expect(await refusal(mutation)).toMatchObject({
      message,
      extensions: { code: 'BAD_USER_INPUT', path: ['input', 'model'] },
    })
  })
})

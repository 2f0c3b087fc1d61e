import { describe, expect, test } from 'vitest'
import {
  DeleteSessionDocument,
  ForkSessionDocument,
  MessagesDocument,
  RegenerateDocument,
  SteeringOfDocument,
  WithdrawMessageDocument,
} from '../generated/graphql.ts'
import { cancelStream, followStream, loadTranscript, startChat, streamToEnd } from '../support/chat.ts'
import { type Client, transports } from '../support/clients.ts'
import { isFinished, loadSteered, startHeldAnswer, steer } from '../support/steering.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'
import { ask, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'

/** A turn that two messages have joined, and one that was taken back between them and one that was not answered. */
async function answerSteeredTurn(environment: TestEnvironment) {
  const { client, provider } = environment
  const { streamId, sessionId, release } = await startHeldAnswer(environment, { finish: 'stop' })
  provider.enqueue(' more.')
  await steer(client, sessionId, 'One')
  await steer(client, sessionId, 'Taken')
  const queued = await startChat(client, { sessionId, text: 'Unqueued', ifBusy: 'QUEUE' })
  const taken = requireNonNull((await loadSteered(client, streamId))[1])
  await mutate(client, WithdrawMessageDocument, { messageId: taken.id })
  await cancelStream(client, queued.id)
  await steer(client, sessionId, 'Two')
  release()
  const { last } = await readUntil(followStream(client, streamId), isFinished)
  const [one, two] = (await loadSteered(client, streamId)).filter(({ steering }) => steering?.state === 'APPLIED')
  const ids = {
    user: requireNonNull(last.stream.userMessage).id,
    one: requireNonNull(one).id,
    two: requireNonNull(two).id,
    answer: requireNonNull(last.message).id,
  }
  return { sessionId, ids }
}

const listSent = ({ provider }: TestEnvironment) =>
  provider.requests.at(-1)?.body.messages.map(({ role, content }) => `${role} ${String(content)}`)

async function regenerate(client: Client, variables: { readonly messageId: string; readonly text?: string }) {
  const { regenerate: stream } = await mutate(client, RegenerateDocument, variables)
  const { last } = await readUntil(followStream(client, stream.id), isFinished)
  expect(last.status).toBe('COMPLETED')
  return last.sessionId
}

describe.each(transports)('A turn that messages have joined, over %s,', (transport) => {
  test('is tried again with all of their words, from each of its messages, unless a text replaces them', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { sessionId, ids } = await answerSteeredTurn(environment)
    const before = await loadTranscript(client, sessionId)
    for (const messageId of Object.values(ids)) {
      const retryId = await regenerate(client, { messageId })
      expect(listSent(environment)).toEqual(['user Begin\n\nOne\n\nTwo'])
      expect((await loadTranscript(client, retryId))[0]).toBe('USER Begin\n\nOne\n\nTwo')
      await regenerate(client, { messageId, text: 'Else' })
      expect(listSent(environment)).toEqual(['user Else'])
    }
    expect(await loadTranscript(client, sessionId)).toEqual(before)
    expect(provider.rejections).toEqual([])
  })

  test('is forked after each of its messages, with what was said before', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { sessionId, ids } = await answerSteeredTurn(environment)
    const before = await loadTranscript(client, sessionId)
    const users = ['USER Begin', 'USER One', 'USER Two']
    const sent = ['user Begin', 'assistant Half', 'user One\n\nTwo', 'assistant  more.', 'user Next']
    const forks: Record<keyof typeof ids, readonly [string[], string[]]> = {
      user: [users.slice(0, 1), ['user Begin\n\nNext']],
      one: [users.slice(0, 2), ['user Begin\n\nOne\n\nNext']],
      two: [users, ['user Begin\n\nOne\n\nTwo\n\nNext']],
      answer: [[...users, 'ASSISTANT Half more.'], sent],
    }
    for (const [name, [transcript, expected]] of Object.entries(forks)) {
      const messageId = ids[name as keyof typeof ids]
      const { forkSession } = await mutate(client, ForkSessionDocument, { messageId })
      expect(await loadTranscript(client, forkSession.id)).toEqual(transcript)
      await streamToEnd(client, { sessionId: forkSession.id, text: 'Next' })
      expect(listSent(environment)).toEqual(expected)
    }
    expect(await loadTranscript(client, sessionId)).toEqual(before)
    await streamToEnd(client, { sessionId, text: 'Next' })
    expect(listSent(environment)).toEqual(sent)
    expect(provider.rejections).toEqual([])
  })

  test('is tried again from its copy in a fork, whose original is gone', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { sessionId, ids } = await answerSteeredTurn(environment)
    const { forkSession } = await mutate(client, ForkSessionDocument, { messageId: ids.answer })
    await mutate(client, DeleteSessionDocument, { id: sessionId })
    const { session } = await ask(client, MessagesDocument, { sessionId: forkSession.id })
    for (const { node } of requireNonNull(session).messages.edges) {
      expect((await ask(client, SteeringOfDocument, { id: node.id })).message?.steering).toBeNull()
      await regenerate(client, { messageId: node.id })
      expect(listSent(environment)).toEqual(['user Begin\n\nOne\n\nTwo'])
    }
    expect(provider.rejections).toEqual([])
  })
})

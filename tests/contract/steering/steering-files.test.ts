import { describe, expect, test } from 'vitest'
import { createPdf } from '../../support/files/pdf.ts'
import { createImage } from '../../support/files/images.ts'
import { toolCallSteps } from '../../support/providers/strict-provider.ts'
import type { StartChatMutationVariables } from '../generated/graphql.ts'
import { cancelStream, followStream, never, startChat, streamToEnd } from '../support/chat.ts'
import { transports } from '../support/clients.ts'
import { isFinished, listUsers, loadEventsAtRest, loadSteered, startHeldAnswer } from '../support/steering.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { readUntil, requireNonNull } from '../support/typed-client.ts'

const toFile = (name: string, mediaType: string, bytes: Buffer) => ({
  name,
  mediaType,
  url: `data:${mediaType};base64,${bytes.toString('base64')}`,
})

const image = toFile('leaf.png', 'image/png', await createImage('png'))
const pdf = toFile('trees.pdf', 'application/pdf', createPdf(['Birches and oaks']))
const steering: Omit<StartChatMutationVariables, 'sessionId'> = { text: 'Look', files: [image, pdf], ifBusy: 'STEER' }
const content = [
  { type: 'text', text: 'Look' },
  { type: 'image_url', image_url: { url: image.url } },
  { type: 'text', text: expect.stringMatching(/trees\.pdf[^]*Birches and oaks/) },
]

describe.each(transports)('An image and a PDF of a message that joins an answer, over %s,', (transport) => {
  test('are in the request behind the results of the tools, in later steps and in later turns', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { streamId, sessionId, release } = await startHeldAnswer(
      environment,
      ...toolCallSteps({ name: 'look', input: {} }),
    )
    provider.enqueue(toolCallSteps({ name: 'look', input: {}, text: 'Again.' }))
    await startChat(client, { sessionId, ...steering })
    release()
    const { last } = await readUntil(followStream(client, streamId), isFinished)
    expect(last.status).toBe('COMPLETED')
    await streamToEnd(client, { sessionId, text: 'Next' })
    const users = provider.requests.slice(1).map(({ body }) => body.messages.filter(({ role }) => role === 'user'))
    expect(users.map((each) => each[1])).toEqual([1, 2, 3].map(() => ({ role: 'user', content })))
    const [one] = await loadSteered(client, streamId)
    expect(requireNonNull(one).text).toBe('Look')
    expect(provider.rejections).toEqual([])
  })

  test('go along where the message is answered by itself, and are not sent where it is withdrawn', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { sessionId, release } = await startHeldAnswer(environment, { cut: true })
    await startChat(client, { sessionId, ...steering })
    release()
    await loadEventsAtRest(client, sessionId)
    expect(await listUsers(client, sessionId)).toEqual(['USER Begin', 'USER Look'])
    expect(provider.requests.at(-1)?.body.messages.at(-1)).toEqual({ role: 'user', content })
    const stopped = await startHeldAnswer(environment, { wait: never })
    await startChat(client, { sessionId: stopped.sessionId, ...steering })
    expect((await cancelStream(client, stopped.streamId)).withdrawn).toMatchObject([{ text: 'Look' }])
    await streamToEnd(client, { sessionId: stopped.sessionId, text: 'Next' })
    expect(JSON.stringify(provider.requests.at(-1)?.body)).not.toContain('image_url')
    expect(provider.rejections).toEqual([])
  })
})

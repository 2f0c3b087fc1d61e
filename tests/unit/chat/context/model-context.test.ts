import { expect, test } from 'vitest'
import { anthropicDialect } from '../../../../src/agent/providers/dialects/anthropic.ts'
import { openAIDialect } from '../../../../src/agent/providers/dialects/openai.ts'
import type { Dialect } from '../../../../src/agent/providers/dialect.ts'
import { parseDataUrl } from '../../../../src/chat/attachments/data-url.ts'
import { readImageSize } from '../../../../src/lib/file-conversion/read-image-size.ts'
import { createImage } from '../../../support/files/images.ts'
import { ProfileMessageReader } from '../../../../src/chat/context/profile-message-reader.ts'
import { ActiveSessions } from '../../../../src/chat/runtime/active-sessions.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import { CombinedSessionRepository } from '../../../../src/sessions/combined-session-repository.ts'
import { newChatFixture } from '../../../support/fixtures/chats/agent-chats.ts'
import { newResolvedModel } from '../../../support/providers/resolved-model.ts'
import { modelMessage, runTurn, textAnswer } from '../../../support/fixtures/scripted-answers.ts'

test('an answer that is stored while the context is loaded appears once in the model’s messages', async () => {
  await using fixture = newChatFixture(textAnswer('Hello'))
  const session = await fixture.requireSession(await runTurn(fixture))
  const sessions = new CombinedSessionRepository(fixture.profile)
  const { messages } = await sessions.loadContext(session)
  const answer: MessageRecord | undefined = messages.at(-1)
  expect(answer).toMatchObject({ role: 'ASSISTANT', parts: [{ text: 'Hello' }] })

  const queries = new ProfileMessageReader(fixture.profile, sessions, new ActiveSessions())
  const context = queries.openModelContext(session, null)
  const expected = [modelMessage.user('Hi'), modelMessage.assistant('Hello')]
  expect((await context.build({ answer: answer ?? null })).messages).toEqual(expected)
  expect((await context.build()).messages).toEqual(expected)
})

test('what is shown of a context with images is counted like what is sent', async () => {
  await using fixture = newChatFixture(textAnswer('Hello'))
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000400000004008060000', 'hex')
  const { id, sessionId } = await fixture.start('Look', {
    files: [{ mediaType: 'image/png', name: 'a.png', url: `data:image/png;base64,${png.toString('base64')}` }],
  })
  await fixture.follow(id)
  const session = await fixture.requireSession(sessionId)
  const queries = new ProfileMessageReader(
    fixture.profile,
    new CombinedSessionRepository(fixture.profile),
    new ActiveSessions(),
  )
  const model = newResolvedModel({ answer: textAnswer('Hello') }, { contextWindow: 4000 })
  const sent = await queries.openModelContext(session, model).build()
  const shown = await queries.openModelContext(session, model, { fileForm: 'url' }).build()
  expect(JSON.stringify(sent.messages)).toContain('data:image/png')
  expect(JSON.stringify(shown.messages)).not.toContain('data:image/png')
  expect(shown.tokens).toBe(sent.tokens)
  expect(sent.tokens).toBeLessThan(400)
})

test('images are smaller in a request to Anthropic that has more than 20 of them', async () => {
  await using fixture = newChatFixture(textAnswer('Hello'))
  const png = await createImage('png', { width: 2100, height: 40 })
  const image = { mediaType: 'image/png', name: 'a.png', url: `data:image/png;base64,${png.toString('base64')}` }
  const { id, sessionId } = await fixture.start('Look', { files: Array.from({ length: 20 }, () => image) })
  await fixture.follow(id)
  const session = await fixture.requireSession(sessionId)
  const queries = new ProfileMessageReader(
    fixture.profile,
    new CombinedSessionRepository(fixture.profile),
    new ActiveSessions(),
  )
  const listWidths = async (dialect: Dialect): Promise<unknown[]> => {
    const model = newResolvedModel({ answer: textAnswer('Hello') }, { dialect })
    const { messages } = await queries.openModelContext(session, model).build()
    const urls = [...JSON.stringify(messages).matchAll(/"(data:image[^"]+)"/g)].map(([, url = '']) => url)
    const sizes = [...new Set(urls)].map(async (url) => readImageSize(parseDataUrl(url)?.bytes ?? png)?.width)
    return [urls.length, ...(await Promise.all(sizes))]
  }
  expect(await listWidths(anthropicDialect)).toEqual([20, 2100])
  await fixture.follow((await fixture.start('And this?', { sessionId, files: [image] })).id)
  expect(await listWidths(anthropicDialect)).toEqual([21, 2000])
  expect(await listWidths(openAIDialect)).toEqual([21, 2100])
})

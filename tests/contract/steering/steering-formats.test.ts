import { text as readText } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { AnthropicWriter } from '../../support/providers/dialects/response-writer.ts'
import { findAnthropicProblems } from '../../support/fixtures/message-rules.ts'
import { newProvider } from '../../support/providers/provider.ts'
import { startHttpServer } from '../../support/server/small-server.ts'
import { followStream, isEventOfType, startChat } from '../support/chat.ts'
import { isFinished, steer } from '../support/steering.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { readUntil } from '../support/typed-client.ts'

const bodySchema = z.looseObject({
  messages: z.array(z.object({ role: z.string(), content: z.array(z.looseObject({ type: z.string() })) })),
})

/** A server in Anthropic's format. It begins to call a tool, and goes on when it is released; then it answers. */
async function startAnthropic() {
  const released = Promise.withResolvers<void>()
  const bodies: z.output<typeof bodySchema>[] = []
  const server = await startHttpServer((request, response) => {
    void readText(request).then(async (body) => {
      bodies.push(bodySchema.parse(JSON.parse(body)))
      const writer = new AnthropicWriter()
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(writer.start() + writer.text('Let me see.'))
      if (bodies.length === 1) {
        await released.promise
        response.write(writer.toolCall({ id: 'toolu_1', name: 'look', arguments: ['{}'] }))
      }
      const reason = bodies.length === 1 ? 'tool_use' : 'end_turn'
      response.end(writer.finish(reason, { input_tokens: 9, output_tokens: 2 }) + writer.end())
    })
  })
  return { server, bodies, release: () => released.resolve() }
}

test.each(['webSocket', 'sse'] as const)(
  'In the format of Anthropic, what joins an answer is in the turn of the user that has the results, behind them, over %s',
  async (transport) => {
    const { server, bodies, release } = await startAnthropic()
    await using _ = server
    const claude = newProvider({ name: 'claude', type: 'anthropic', baseURL: server.url, models: ['m'] })
    await using environment = await newTestEnvironment(transport, {
      settings: { providers: [claude], model: 'claude/m' },
    })
    const { client } = environment
    const { id, session } = await startChat(client, { text: 'Begin' })
    await readUntil(followStream(client, id), isEventOfType('TextDelta'))
    for (const text of ['One', 'Two']) await steer(client, session.id, text)
    release()
    expect((await readUntil(followStream(client, id), isFinished)).last.status).toBe('COMPLETED')
    const { messages } = bodies.at(-1) ?? { messages: [] }
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(messages.at(-1)?.content.map(({ type, text }) => [type, text])).toEqual([
      ['tool_result', undefined],
      ['text', 'One\n\nTwo'],
    ])
    for (const body of bodies) expect(findAnthropicProblems(body)).toEqual([])
  },
)

import { expect, test } from 'vitest'
import { z } from 'zod'
import { ask } from '../../support/server/graphql-request.ts'
import { startSegueWithTools } from '../../support/server/segue-with-tools.ts'
import { newTool } from '../../support/fixtures/tools.ts'
import { followOverWebSocket } from '../../support/clients/follower.ts'
import { waitUntil } from '../../support/wait-until.ts'

const startedSchema = z.object({ startChat: z.object({ id: z.string(), session: z.object({ id: z.string() }) }) })
const query = 'mutation ($input: StreamChatInput!) { startChat(input: $input) { id session { id } } }'

test('what is logged while an answer is made has the ids of its request, its session and its stream', async () => {
  const fail = async (): Promise<never> => {
    throw new TypeError('The tool has a bug.')
  }
  await using segue = await startSegueWithTools([newTool({ name: 'broken', isReadOnly: true, execute: fail })])
  const variables = { input: { text: '/tool broken {}' } }
  const streams = []
  for (let n = 0; n < 2; n += 1) {
    const { startChat } = await ask(segue.url, startedSchema, { query, variables })
    await followOverWebSocket(segue.url, startChat.id).waitForEnd()
    streams.push(startChat)
  }
  await waitUntil(() => segue.warnings.length >= 2)
  const entries = segue.warnings.map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)))
  expect(entries).toMatchObject(
    streams.map(({ id, session }) => ({
      tool: 'broken',
      stream: id,
      session: session.id,
      request: expect.any(String),
    })),
  )
  expect(new Set(entries.map(({ request }) => request)).size).toBe(2)
})

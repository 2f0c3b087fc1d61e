import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

const tripAnswer = `Two days are enough for the **old town**, the harbour and one long walk.

| Day | Morning | Afternoon |
| --- | --- | --- |
| 1 | Old town, by foot | Museum of the sea |
| 2 | Ferry to the island | Walk around the cape |

Trains leave every hour. This prints the next ones:

\`\`\`ts
const trains = await timetable.next({ from: 'Lund', to: 'Malmö', count: 3 })
for (const { leavesAt, platform } of trains) console.log(leavesAt, platform)
\`\`\`

Shall I look for a room near the harbour?`

const longAnswer = `Here is the plan for the garden, month by month.

1. **March**: sow tomatoes indoors, and prune the roses.
2. **April**: broad beans and peas go out. Water in the evening.
3. **May**: after the last frost, plant out what stood inside.
4. **June**: tie up the tomatoes, and cut back what flowers.
5. **July**: harvest every other day, so that new fruit sets.
6. **August**: sow spinach and lamb's lettuce for autumn.

Start small: one bed that is cared for gives more than three that are not.`

/** A model provider whose answers are always the same. Models: `trip` answers at once, `slow` and `busy` word by word, `refused` not at all. */
export async function startDemoProvider(): Promise<{ readonly baseURL: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The provider has no port.')
  return { baseURL: `http://127.0.0.1:${address.port}/v1`, [Symbol.asyncDispose]: () => close(server) }
}

async function answer(request: AsyncIterable<Buffer>, response: ServerResponse): Promise<void> {
  const body = Buffer.concat(await Array.fromAsync(request)).toString()
  if (body.includes('"refused"')) {
    response.writeHead(401, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: { message: 'Incorrect API key provided.' } }))
    return
  }
  const isBusy = body.includes('"busy"')
  const isSlow = isBusy || body.includes('"slow"')
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const send = (delta: object, more: object = {}): void => {
    const choice = { index: 0, delta, finish_reason: null, ...more }
    response.write(`data: ${JSON.stringify({ id: 'demo', object: 'chat.completion.chunk', choices: [choice] })}\n\n`)
  }
  for (const word of (isSlow ? longAnswer : tripAnswer).split(/(?<= )/)) {
    send({ role: 'assistant', content: word })
    if (isSlow) await pause(isBusy ? 500 : 90)
    if (response.destroyed) return
  }
  send({}, { finish_reason: 'stop' })
  response.end('data: [DONE]\n\n')
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

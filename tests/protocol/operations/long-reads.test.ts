import { expect, test } from 'vitest'
import { transports } from '../../support/clients/transports.ts'
import { loadStream, start } from '../../support/server/post.ts'
import { startTestSegue } from '../../support/server/segue.ts'
import { yieldToEventLoop } from '../../../src/lib/async/yield-to-event-loop.ts'

test('A9 a query that reads more than 100 million characters of messages is TOO_LARGE', async () => {
  await using segue = await startTestSegue()
  const text = 'x'.repeat(1_000_000)
  let sessionId: string | undefined
  for (let count = 0; count < 4; count += 1) {
    const started = await start(segue.url, { text, ...(sessionId !== undefined && { sessionId }) })
    sessionId = started.sessionId
    while ((await loadStream(segue.url, started.id)).message?.status !== 'COMPLETE') await yieldToEventLoop()
  }
  const read = (count: number) => {
    const aliases = Array.from({ length: count }, (_, index) => `a${index}: messages(first: 8) { edges { cursor } }`)
    return transports.http(segue.url, { query: `{ session(id: "${sessionId}") { ${aliases.join(' ')} } }` })
  }
  expect((await read(5)).errors).toEqual([])
  const { data, errors } = await read(30)
  expect(data).toEqual({ session: null })
  expect(errors[0]).toMatchObject({ extensions: { code: 'TOO_LARGE' } })
})

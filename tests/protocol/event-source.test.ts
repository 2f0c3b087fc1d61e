import { expect, test } from 'vitest'
import { z } from 'zod'
import { findChromium, startChromium } from '../support/clients/chromium.ts'
import { startSegueWithProvider } from '../support/server/segue-with-provider.ts'
import { startTcpProxy } from '../support/server/tcp-proxy.ts'
import { followStreamQuery, joinDeltas, parseDeltaEvent } from '../support/fixtures/delta-events.ts'

const executable = findChromium()
if (executable === null && process.env['CI']) throw new Error('there is no Chromium: set CHROMIUM_PATH to one')
if (executable === null) console.warn('There is no Chromium here: what its EventSource does is not tested.')

const seenSchema = z.array(z.object({ id: z.string(), data: z.string() }))

/** What runs in the page: an EventSource and nothing else; what it is told stays in the window. */
const follow = `(address) => {
  const seen = []
  const source = new EventSource(address)
  source.addEventListener('next', ({ lastEventId, data }) => seen.push({ id: lastEventId, data }))
  Object.assign(window, { seen, source })
}`

test.skipIf(executable === null)(
  "R5 a browser's EventSource comes back by itself, is told exactly the rest, and stops at the end",
  async () => {
    await using provided = await startSegueWithProvider()
    const { client, provider, segue } = provided
    const { promise: held, resolve: go } = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'One half,' }, { wait: held }, { text: ' and the other.' }, { finish: 'stop' }])
    const { id } = await client.start({ text: 'Talk.' })
    await using line = await startTcpProxy(segue.url)
    await using browser = await startChromium(executable ?? '')
    const page = await browser.context.newPage()
    const statuses: number[] = []
    page.on('response', (response) => {
      if (response.url().includes('/graphql')) statuses.push(response.status())
    })
    await page.goto(`${line.url}/health`)
    const asked = new URLSearchParams({ query: followStreamQuery, variables: JSON.stringify({ id }) })
    await page.evaluate(`(${follow})(${JSON.stringify(`/graphql?${asked.toString()}`)})`)
    await page.waitForFunction(`window.seen.length >= 2`)
    line.resetConnections()
    go()

    // 2: closed, which only 204 can make of one that comes back.
    await page.waitForFunction('window.source.readyState === 2')
    const seen = seenSchema.parse(await page.evaluate('window.seen'))
    expect(seen.map(({ id: seq }) => seq)).toEqual(seen.map((_, index) => `${index + 1}`))
    const told = seen.map(({ data }) => parseDeltaEvent(JSON.parse(data)))
    expect(told.at(-1)?.type).toBe('StreamFinished')
    expect(joinDeltas(told)).toBe('One half, and the other.')
    expect(statuses).toEqual([200, 200, 204])
  },
)

import { expect, test } from 'vitest'
import { z } from 'zod'
import { findChromium, startChromium } from '../../support/clients/chromium.ts'
import { startSegueWithProvider } from '../../support/server/segue-with-provider.ts'
import { startTcpProxy } from '../../support/server/tcp-proxy.ts'
import { followStreamQuery, joinDeltas, parseDeltaEvent } from '../../support/fixtures/delta-events.ts'
import { listOneStepSeqs } from '../../support/fixtures/stream-seqs.ts'

const executable = findChromium()
if (executable === null && process.env['CI']) throw new Error('Chromium was not found. Set CHROMIUM_PATH.')
if (executable === null) console.warn('Chromium was not found. The test of its EventSource is skipped.')

const receivedSchema = z.array(z.object({ id: z.string(), data: z.string() }))

/** Runs in the page: an EventSource that stores its events in the window. */
const follow = `(address) => {
  const received = []
  const source = new EventSource(address)
  source.addEventListener('next', ({ lastEventId, data }) => received.push({ id: lastEventId, data }))
  Object.assign(window, { received, source })
}`

test.skipIf(executable === null)(
  "R5 a browser's EventSource reconnects by itself, receives exactly the rest, and stops at the end",
  { timeout: 60_000 },
  async () => {
    await using provided = await startSegueWithProvider()
    const { client, provider, segue } = provided
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'One half,' }, { wait: released }, { text: ' and the other.' }, { finish: 'stop' }])
    const { id } = await client.start({ text: 'Talk.' })
    await using proxy = await startTcpProxy(segue.url)
    await using browser = await startChromium(executable ?? '')
    const page = await browser.context.newPage()
    const statuses: number[] = []
    page.on('response', (response) => {
      if (response.url().includes('/graphql')) statuses.push(response.status())
    })
    await page.goto(`${proxy.url}/health`)
    const params = new URLSearchParams({ query: followStreamQuery, variables: JSON.stringify({ id }) })
    await page.evaluate(`(${follow})(${JSON.stringify(`/graphql?${params.toString()}`)})`)
    await page.waitForFunction(`window.received.length >= 2`)
    proxy.resetConnections()
    release()

    // 2 is CLOSED. Only status 204 closes an EventSource that reconnects.
    await page.waitForFunction('window.source.readyState === 2')
    const received = receivedSchema.parse(await page.evaluate('window.received'))
    expect(received.map(({ id: seq }) => seq)).toEqual(listOneStepSeqs(received).map(String))
    const events = received.map(({ data }) => parseDeltaEvent(JSON.parse(data)))
    expect(events.at(-1)?.type).toBe('StreamFinished')
    expect(joinDeltas(events)).toBe('One half, and the other.')
    expect(statuses).toEqual([200, 200, 204])
  },
)

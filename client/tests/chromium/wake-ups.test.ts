import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newLatch } from '../../../tests/support/fixtures/chats/agent-chats.ts'
import { listOneStepSeqs } from '../../../tests/support/fixtures/stream-seqs.ts'
import { type Browser, findChromium, startChromium } from '../../../tests/support/clients/chromium.ts'
import { type SegueWithProvider, startSegueWithProvider } from '../../../tests/support/server/segue-with-provider.ts'
import type { TestHttpServer } from '../../../tests/support/server/small-server.ts'
import { startTcpProxy } from '../../../tests/support/server/tcp-proxy.ts'
import { transports } from '../support/client.ts'
import { openClientPage, startPageServer } from './client-page.ts'

const executablePath = findChromium()

/** So long that the test would end before. */
const never = { minDelayMs: 3_600_000, maxDelayMs: 3_600_000 }
const soon = { minDelayMs: 10, maxDelayMs: 100 }

describe.runIf(executablePath !== null).each(transports)('in Chromium, over %s,', (transport) => {
  let browser: Browser
  let pageServer: TestHttpServer
  let world: SegueWithProvider
  let page: Page

  beforeAll(async () => {
    pageServer = await startPageServer()
    world = await startSegueWithProvider({ settings: { allowedOrigins: [pageServer.url] } })
    browser = await startChromium(executablePath ?? '')
  })

  afterAll(async () => {
    await browser[Symbol.asyncDispose]()
    await world[Symbol.asyncDispose]()
    await pageServer[Symbol.asyncDispose]()
  })

  beforeEach(async () => {
    page = await openClientPage(browser.context, pageServer.url)
  })

  /** Starts an answer, and waits until the page has its first words. Returns a function that lets the rest come. */
  async function startHeldChat(url: string, reconnect: object): Promise<() => void> {
    const latch = newLatch()
    world.provider.enqueue([
      { text: 'One half,' },
      { wait: latch.opened },
      { text: ' and the other.' },
      { finish: 'stop' },
    ])
    await page.evaluate(
      (options) => {
        globalThis.chat = segue.startChat(options, 'Talk.')
      },
      { url, transport, reconnect },
    )
    await page.waitForFunction(() => chat.events.some(({ type }) => type === 'TextDelta'))
    return latch.open
  }

  /** Waits for the end, and expects that the page has received each event once. */
  async function expectWholeAnswer(): Promise<void> {
    const { events, lossCount } = await page.evaluate(async () => {
      await chat.end
      return { events: chat.events, lossCount: chat.lossCount }
    })
    expect(events.map(({ seq }) => seq)).toEqual(listOneStepSeqs(events))
    expect(events.flatMap((event) => (event.type === 'TextDelta' ? [event.text] : []))).toEqual([
      'One half,',
      ' and the other.',
    ])
    expect(lossCount).toBeGreaterThan(0)
  }

  test.each([
    ['window', 'online'],
    ['window', 'pageshow'],
    ['document', 'resume'],
    ['document', 'visibilitychange'],
  ])('the event of the %s "%s" has a lost connection tried again at once', async (target, type) => {
    await using proxy = await startTcpProxy(world.segue.url)
    const release = await startHeldChat(proxy.url, never)
    proxy.refuseConnections()
    await page.waitForFunction(() => chat.lossCount > 0)
    proxy.acceptConnections()
    release()
    await page.evaluate(
      ([name, event = '']) => {
        const eventTarget = name === 'window' ? globalThis : document
        eventTarget.dispatchEvent(new Event(event))
      },
      [target, type],
    )
    await expectWholeAnswer()
  })

  test('a browser that was offline goes on when it is online', async () => {
    await using proxy = await startTcpProxy(world.segue.url)
    const release = await startHeldChat(proxy.url, never)
    await browser.context.setOffline(true)
    // Emulated, it leaves sockets that are open alone.
    proxy.refuseConnections()
    await page.waitForFunction(() => chat.lossCount > 0)
    proxy.acceptConnections()
    release()
    await browser.context.setOffline(false)
    await expectWholeAnswer()
  })

  test.runIf(transport === 'sse')('loading that the browser stops is a lost connection', async () => {
    const release = await startHeldChat(world.segue.url, soon)
    await page.evaluate(() => globalThis.stop())
    release()
    await expectWholeAnswer()
  })
})

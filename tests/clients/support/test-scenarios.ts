import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { CacheClientFactory } from './cache-client.ts'
import { ChatPage } from './chat-page.ts'
import { ChatsElsewhere } from './chats-elsewhere.ts'
import { expectCurrentCache } from './expect-current-cache.ts'
import { scenarios } from './scenarios.ts'
import { type ServerUnderTest, startServerUnderTest } from './server-under-test.ts'

/** Tests every scenario with a client library, over WebSocket and with server-sent events. */
export function testScenarios(name: string, loadFactory: () => Promise<CacheClientFactory> | CacheClientFactory): void {
  describe.each(['ws', 'sse'] as const)(`${name} over %s: the cache equals a fresh read after`, (protocol) => {
    let server: ServerUnderTest | undefined
    let elsewhere: ChatsElsewhere
    let create: CacheClientFactory

    beforeAll(async () => {
      create = await loadFactory()
      server = await startServerUnderTest()
      elsewhere = new ChatsElsewhere(server)
      // From here on, the server knows that the model can use tools. No event says so.
      await elsewhere.makeHistory()
      for (const text of ['One.', 'Two.', 'Three.', 'Four.']) await elsewhere.chat(text)
    })
    afterAll(() => server?.[Symbol.asyncDispose]())

    beforeEach(() => {
      for (const level of ['warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue()
    })
    // The libraries warn about ids that collide, and about fields that are missing or lost.
    afterEach(() => {
      for (const level of ['warn', 'error'] as const) expect(vi.mocked(console[level]).mock.calls).toEqual([])
      vi.restoreAllMocks()
    })

    test.each(Object.keys(scenarios))('%s', async (scenario) => {
      if (!server) throw new Error('The server did not start.')
      await using client = await create({ url: server.proxy.url, protocol })
      const page = await ChatPage.open(client)
      const tested = { create, protocol, url: server.url, client, page }
      await scenarios[scenario]?.({ server, tested, elsewhere })
      await expectCurrentCache(tested)
      expect(page.errors).toEqual([])
    })
  })
}

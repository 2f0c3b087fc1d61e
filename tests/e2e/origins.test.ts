import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createViteServer } from 'vitest/node'
import { z } from 'zod'
import { ApiPage } from '../support/clients/api-page.ts'
import { type Browser, findChromium, startChromium } from '../support/clients/chromium.ts'
import { listScripts } from '../support/docs/markdown.ts'
import { post } from '../support/server/post.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../support/server/segue.ts'
import { findUnusedUrl, startHttpServer, type TestHttpServer } from '../support/server/small-server.ts'

const executablePath = findChromium()

test.runIf(executablePath === null)('a browser is available for the tests of origins', ({ skip }) => {
  if (!process.env['CI']) skip()
  expect(executablePath).not.toBeNull()
})

const [documentedConfig = ''] = listScripts('docs/origins.md')

const chat = 'subscription { streamChat(input: { text: "Hello" }) { __typename } }'
const createSession = 'mutation { createSession(input: { title: "From a page" }) { title } }'
const created = { status: 200, body: '{"data":{"createSession":{"title":"From a page"}}}' }
const typename = { status: 200, body: '{"data":{"__typename":"Query"}}' }

const startedSchema = z.object({
  startChat: z.object({
    id: z.string(),
    session: z.object({
      messages: z.object({
        edges: z.tuple([z.object({ node: z.object({ parts: z.array(z.object({ url: z.string().optional() })) }) })]),
      }),
    }),
  }),
})

/** Sends a message with a text file. Returns a subscription to the answer, and the path of the file. */
async function startChatWithFile(url: string): Promise<{ readonly follow: string; readonly file: string }> {
  const file = '{ mediaType: "text/plain", url: "data:text/plain,from%20a%20file" }'
  const messages = 'messages(first: 1) { edges { node { parts { ... on FilePart { url } } } } }'
  const { data } = await post(
    url,
    `mutation { startChat(input: { text: "Look", files: [${file}] }) { id session { ${messages} } } }`,
  )
  const { id, session } = startedSchema.parse(data).startChat
  const path = session.messages.edges[0].node.parts.find((part) => part.url !== undefined)?.url ?? ''
  return { follow: `subscription { followStream(streamId: "${id}") { __typename } }`, file: path }
}

/** Does everything that a page can do, except for a WebSocket. */
async function expectHttpWorks(page: ApiPage, { url }: TestSegue): Promise<void> {
  expect(await page.get('{ __typename }')).toMatchObject(typename)
  expect(await page.post('{ __typename }')).toMatchObject(typename)
  expect(await page.post(createSession, { 'idempotency-key': crypto.randomUUID() })).toMatchObject(created)
  const { status, body } = await page.post(chat, { accept: 'text/event-stream' })
  expect(status).toBe(200)
  expect(body).toMatch(/StreamStarted.*TextDelta.*StreamFinished.*event: complete/s)
  const { follow, file } = await startChatWithFile(url)
  const events = await page.readEventSource(follow)
  expect(events.at(0)).toContain('StreamStarted')
  expect(events.slice(-2)).toEqual([expect.stringContaining('StreamFinished'), 'complete'])
  expect(await page.readFile(file)).toMatchObject({ status: 200, body: 'from a file' })
}

async function expectWebSocketWorks(page: ApiPage): Promise<void> {
  const messages = await page.readWebSocket(chat)
  expect(messages.at(0)).toBe('{"type":"connection_ack"}')
  expect(messages.slice(-2)).toEqual([expect.stringContaining('StreamFinished'), expect.stringContaining('"complete"')])
}

async function expectWebSocketIsRefused(page: ApiPage): Promise<void> {
  expect(await page.readWebSocket(chat)).toEqual(['closed 1006'])
  expect(page.console.at(-1)).toContain('403')
}

describe.runIf(executablePath !== null)('in Chromium, a page', () => {
  let browser: Browser
  let server: TestHttpServer
  /** Two origins of a page of a server without an API. For a browser they are different sites. */
  let origins: readonly [string, string]

  beforeAll(async () => {
    server = await startHttpServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>A page</title>')
    })
    origins = [server.url.replace('127.0.0.1', 'localhost'), server.url]
    browser = await startChromium(executablePath ?? '')
  })

  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  test('of an allowed origin can do everything', async () => {
    await using segue = await startTestSegue({ settings: { allowedOrigins: origins } })
    for (const origin of origins) {
      const page = await ApiPage.open(browser.context, origin, segue.url)
      await expectHttpWorks(page, segue)
      await expectWebSocketWorks(page)
      // The errors of a request can be read, too.
      expect(await page.post('{')).toMatchObject({ status: 200, body: expect.stringContaining('GRAPHQL_PARSE_FAILED') })
      expect(await page.readFile('/files/none')).toMatchObject({ status: 404 })
      expect(page.console.filter((line) => !line.includes('404'))).toEqual([])
    }
    expect(segue.warnings).toEqual([])
  })

  test('of another origin can do nothing, and the log says once how to allow it', async () => {
    await using segue = await startTestSegue({ settings: { allowedOrigins: ['http://localhost:1'] } })
    const { follow, file } = await startChatWithFile(segue.url)
    for (const origin of origins) {
      const page = await ApiPage.open(browser.context, origin, segue.url)
      await expect(page.get('{ __typename }')).rejects.toThrow('Failed to fetch')
      await expect(page.post(createSession)).rejects.toThrow('Failed to fetch')
      await expect(page.readFile(file)).rejects.toThrow('Failed to fetch')
      expect(await page.readEventSource(follow)).toEqual(['error'])
      await expectWebSocketIsRefused(page)
      expect(page.console.join('\n')).toContain(`from origin '${origin}' has been blocked by CORS policy`)
    }
    const { data } = await post(segue.url, '{ sessions { edges { node { title } } } }')
    expect(JSON.stringify(data)).not.toContain('From a page')
    expect(segue.warnings.map((line) => JSON.parse(line).msg)).toEqual(
      origins.map((origin) => expect.stringContaining(`Start Segue with --allow-origin ${origin}, or`)),
    )
  })

  /** Opens a page of Vite's development server, which passes requests on to Segue as the documentation says. */
  async function openVitePage(segue: TestSegue, changeOrigin: boolean, port = 0): Promise<ApiPage & AsyncDisposable> {
    const root = newTempFolder()
    writeFileSync(join(root, 'index.html'), '<!doctype html><title>A page of Vite</title>')
    const config = documentedConfig.replace('http://127.0.0.1:4000', segue.url)
    const configFile = join(root, 'vite.config.js')
    writeFileSync(configFile, changeOrigin ? config.replaceAll('target: segue', '$&, changeOrigin: true') : config)
    const vite = await createViteServer({
      ...{ root, configFile, logLevel: 'silent', cacheDir: join(root, 'cache') },
      server: { host: '127.0.0.1', port },
    })
    await vite.listen()
    const address = vite.httpServer?.address()
    const url = `http://localhost:${typeof address === 'object' ? address?.port : port}`
    const page = await ApiPage.open(browser.context, url, url)
    return Object.assign(page, {
      [Symbol.asyncDispose]: async () => {
        await page.close()
        await vite.close()
        rmSync(root, { recursive: true, force: true })
      },
    })
  }

  test('of a proxy of Vite that keeps the Host can do everything', async () => {
    await using segue = await startTestSegue()
    await using page = await openVitePage(segue, false)
    await expectHttpWorks(page, segue)
    await expectWebSocketWorks(page)
    expect(segue.warnings).toEqual([])
  })

  test('of a proxy of Vite with changeOrigin can do everything, but needs an allowed origin for a WebSocket', async () => {
    await using segue = await startTestSegue()
    await using page = await openVitePage(segue, true)
    await expectHttpWorks(page, segue)
    await expectWebSocketIsRefused(page)
    expect(segue.warnings).toEqual([expect.stringContaining(`--allow-origin ${new URL(page.url).origin}, or`)])
  })

  test('of a proxy of Vite with changeOrigin can open a WebSocket if its origin is allowed', async () => {
    const { port } = new URL(await findUnusedUrl())
    await using segue = await startTestSegue({ settings: { allowedOrigins: [`http://localhost:${port}`] } })
    await using page = await openVitePage(segue, true, Number(port))
    await expectWebSocketWorks(page)
  })

  test('of another server cannot use a proxy of Vite', async () => {
    await using segue = await startTestSegue()
    for (const changeOrigin of [false, true]) {
      await using proxy = await openVitePage(segue, changeOrigin)
      const page = await ApiPage.open(browser.context, origins[0], new URL(proxy.url).origin)
      // Vite itself lets pages of this machine read its responses.
      for (const response of [await page.post(createSession), await page.get('{ __typename }')]) {
        expect(response).toMatchObject({
          status: 403,
          body: expect.stringContaining(`--allow-origin ${origins[0]},`),
        })
      }
      await expectWebSocketIsRefused(page)
    }
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, startChromium, type Browser } from '../../support/clients/chromium.ts'
import { ChatsElsewhere } from '../support/chats-elsewhere.ts'
import { type ServerUnderTest, startServerUnderTest } from '../support/server-under-test.ts'
import { ChatPage } from './chat-page.ts'
import { checkExampleTypes, getExampleFolder, installExample } from './example-package.ts'
import { findFreePort, startVite, type ViteServer } from './vite-server.ts'

/** The examples that are pages, and whether all of a chat but its list is one short file, with an adapter of segue-client. */
const examples: readonly (readonly [name: string, usesAdapter: boolean])[] = [
  ['apollo', false],
  ['urql', false],
  ['relay', false],
  ['react', true],
  ['ai-sdk', true],
  ['assistant-ui', true],
]
const installTimeoutMs = 180_000

const executablePath = findChromium()

test.runIf(executablePath === null)('a browser is available for the examples', ({ skip }) => {
  if (!process.env['CI']) skip()
  expect(executablePath).not.toBeNull()
})

describe.runIf(executablePath !== null).each(examples)('examples/%s', (name, usesAdapter) => {
  let browser: Browser
  let server: ServerUnderTest
  let vite: ViteServer
  let page: ChatPage

  beforeAll(async () => {
    await installExample(name)
    const port = await findFreePort()
    server = await startServerUnderTest([`http://127.0.0.1:${port}`])
    vite = await startVite(name, { port, segueUrl: server.proxy.url })
    browser = await startChromium(executablePath ?? '')
  }, installTimeoutMs)

  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]()
    await vite?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
  })

  beforeEach(async ({ onTestFinished }) => {
    page = await ChatPage.open(browser.context, vite.url)
    onTestFinished(() => page[Symbol.asyncDispose]())
  })

  /** Gives a session another title, with another client. */
  async function rename(id: string, title: string): Promise<void> {
    await server.ask(
      'mutation ($id: ID!, $title: String!) { updateSession(id: $id, input: { title: $title }) { id } }',
      {
        id,
        title,
      },
    )
  }

  /** Has the page send a message whose answer stops in the middle. Returns a function that lets the rest come. */
  async function sendHeld(first: string, rest: string): Promise<() => void> {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    server.provider.enqueue([{ text: first }, { wait: released }, { text: rest }, { finish: 'stop' }])
    await page.send('Talk.')
    await page.waitForText(first)
    return release
  }

  test('has types that fit', () => checkExampleTypes(name))

  test('a stopped answer stays as it was, also after a reload', async () => {
    await sendHeld('One half,', ' and the other.')
    await page.stop()
    await page.waitForEnd()
    await page.reload()
    await page.waitForText('One half,')
    expect(await page.countText('One half,')).toBe(1)
    expect(page.errors).toEqual([])
  })

  test('a reload in the middle of an answer goes on with it, and the chat goes on after that', async () => {
    const release = await sendHeld('One half,', ' and the other.')
    await page.reload()
    await page.waitForText('One half,')
    await page.waitForStart()
    release()
    await page.waitForText('One half, and the other.')
    await page.waitForEnd()
    expect(await page.countText('One half,')).toBe(1)
    server.provider.enqueue([{ text: 'Yes, ' }, { text: 'again.' }, { finish: 'stop' }])
    await page.send('Once more.')
    await page.waitForText('Yes, again.')
    await page.waitForEnd()
    expect(await page.countText('Once more.')).toBe(1)
    expect(page.errors).toEqual([])
  })

  test('a connection that is lost in the middle of an answer shows no text twice', async () => {
    server.provider.enqueue('Yes.')
    await page.send('Are you there?')
    await page.waitForText('Yes.')
    await page.waitForEnd()
    const [rest, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    server.provider.enqueue([
      { text: 'One half,' },
      { wait: rest.promise },
      { text: ' and the other.' },
      { wait: end.promise },
      { finish: 'stop' },
    ])
    await page.send('Talk.')
    await page.waitForText('One half,')
    server.proxy.resetConnections()
    rest.resolve()
    await page.waitForText(' and the other.')
    expect(await page.countText('One half,')).toBe(1)
    expect(await page.countText('Talk.')).toBe(1)
    end.resolve()
    await page.waitForEnd()
    expect(await page.countText('One half, and the other.')).toBe(1)
  })

  test('the list shows what other clients do, and opens it', async () => {
    const sessionId = await new ChatsElsewhere(server).chat('What grows here?')
    await rename(sessionId, 'Garden')
    await page.choose('Garden')
    await page.waitForText('What grows here?')
    await rename(sessionId, 'Orchard')
    await page.waitForConversation('Orchard')
    await page.choose('New chat')
    await page.waitForNoText('What grows here?')
    const release = await sendHeld('A new', ' one.')
    release()
    await page.waitForText('A new one.')
    expect(await page.countText('What grows here?')).toBe(0)
    expect(page.errors).toEqual([])
  })

  test('a chat that was compacted and continued is shown from its beginning', async () => {
    const sessionId = await new ChatsElsewhere(server).chatAcrossCompaction('What was before?', 'What comes after?')
    await rename(sessionId, 'Compacted')
    await page.choose('Compacted')
    await page.waitForText('What comes after?')
    await page.waitForText('What was before?')
    expect(await page.countText('What was before?')).toBe(1)
    expect(page.errors).toEqual([])
  })

  test.runIf(usesAdapter)('streams, stops and resumes with less than 25 lines of its own code', () => {
    const lines = readFileSync(join(getExampleFolder(name), 'src', 'main.tsx'), 'utf8').split('\n')
    const own = lines.filter((line) => line.trim() !== '' && !line.startsWith('import '))
    expect(own.length).toBeLessThan(25)
  })
})

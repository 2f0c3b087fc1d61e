import type { Page, Route } from 'playwright-core'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { makeChat, newClient, row, startChat } from '../support/chats.ts'
import { describeApp } from '../support/describe-app.ts'
import { readLayoutShift } from '../support/layout-shift.ts'
import { lastAnswer, openScriptedApp, send } from '../support/scripted-app.ts'

/** Holds whatever the page asks of the API until it is released, and everything that comes over its socket. */
async function holdAnswers(page: Page): Promise<{ release(): Promise<void> }> {
  const held: Route[] = []
  let isReleased = false
  await page.route('**/graphql', async (route) => {
    if (isReleased) await route.continue()
    else held.push(route)
  })
  // Without a server behind it: the socket opens, and nothing comes.
  await page.routeWebSocket('**/graphql', () => {})
  const release = async (): Promise<void> => {
    isReleased = true
    await Promise.all(held.map((route) => route.continue()))
  }
  return { release }
}

const operationSchema = z.object({ query: z.string(), variables: z.object({ filter: z.unknown().optional() }) })

/** The name of an operation, or its first field; of lists, with what they have. */
function describeOperation({ query, variables }: z.infer<typeof operationSchema>): string {
  const name = /query (\w+)/.exec(query)?.[1] ?? /\{\s*(\w+)/.exec(query)?.[1] ?? query
  return variables.filter === undefined ? name : `${name} ${JSON.stringify(variables.filter)}`
}

describeApp('The first load', (browser) => {
  test('asks for the list, the chat and its parts at once: none waits for an answer or for the socket', async () => {
    await using app = await browser.open()
    using client = newClient(app.segue)
    const id = await startChat(client, 'The mill', 'Hello mill')
    const page = await app.page.context().newPage()
    const files: string[] = []
    page.on('request', (request) => {
      if (!request.url().endsWith('/graphql')) files.push(new URL(request.url()).pathname)
    })
    const { release } = await holdAnswers(page)
    const isAsked = (text: string) => page.waitForRequest((request) => (request.postData() ?? '').includes(text))
    const transcript = page.waitForRequest(/\/assets\/transcript-[^/]+\.js$/)
    await Promise.all([
      isAsked('transcript('),
      isAsked('conversations('),
      transcript,
      page.goto(`${app.segue.url}/chat/${id}`, { waitUntil: 'commit' }),
    ])
    await release()
    await page.getByRole('article').getByText('Hello mill').first().waitFor()
    await page.getByRole('navigation', { name: 'Chats' }).getByRole('link').filter({ hasText: 'The mill' }).waitFor()
    expect(files.length).toBeLessThanOrEqual(12)
  })

  test('asks for what is shown first while the app is still being loaded, and shows it with the first rendering', async () => {
    // A service worker would give out the file that is held.
    await using app = await browser.open({ context: { serviceWorkers: 'block' } })
    using client = newClient(app.segue)
    const id = await startChat(client, 'The mill', 'Hello mill')
    const page = await app.page.context().newPage()
    await page.addInitScript(() => {
      const observer = new MutationObserver(() => {
        if (!document.querySelector('nav')) return
        Reflect.set(window, 'firstRows', document.querySelectorAll('nav [data-chat]').length)
        observer.disconnect()
      })
      observer.observe(document, { childList: true, subtree: true })
    })
    const release = Promise.withResolvers<void>()
    await page.route(/\/assets\/app-[^/]+\.js$/, async (route) => {
      await release.promise
      await route.continue()
    })
    const isAnswered = async (text: string) => {
      const response = await page.waitForResponse((each) => (each.request().postData() ?? '').includes(text))
      await response.finished()
    }
    await Promise.all([
      isAnswered('transcript('),
      isAnswered('conversations('),
      page.goto(`${app.segue.url}/chat/${id}`, { waitUntil: 'commit' }),
    ])
    release.resolve()
    await page.getByRole('article').getByText('Hello mill').first().waitFor()
    await row(page, 'The mill').waitFor()
    expect(await page.evaluate('firstRows')).toBe(1)
  })

  test('of a new chat takes few requests: nothing is asked twice, and the lists of chats are one request', async () => {
    await using app = await openScriptedApp(browser)
    using client = newClient(app.segue)
    await startChat(client, 'The mill', 'Hello mill')
    const page = await app.page.context().newPage()
    const files: string[] = []
    const asked: string[][] = []
    page.on('request', (request) => {
      const body = request.postData()
      if (body === null) files.push(new URL(request.url()).pathname)
      else
        asked.push(
          z
            .array(operationSchema)
            .parse([JSON.parse(body)].flat())
            .map(describeOperation),
        )
    })
    await page.goto(app.segue.url)
    await row(page, 'The mill').waitFor()
    await page.getByRole('button', { name: 'Model: test' }).waitFor()
    await page.waitForLoadState('networkidle')
    const operations = asked.flat()
    const lists = operations.filter((name) => name.startsWith('conversations'))
    expect(asked[0]).toHaveLength(3)
    expect(asked[0]?.every((name) => lists.includes(name))).toBe(true)
    expect(operations.filter((name) => !lists.includes(name)).toSorted()).toEqual([
      'ChatModels',
      'ProfileNames',
      'ServerInfo',
      'approvals',
    ])
    // Once more when their changes are followed.
    for (const name of new Set(lists))
      expect(lists.filter((other) => other === name).length, name).toBeLessThanOrEqual(2)
    expect(new Set(lists).size).toBe(4)
    expect(asked.length).toBeLessThanOrEqual(10)
    expect(files.filter((path) => path.endsWith('.js')).length).toBeLessThanOrEqual(5)
    expect(files.length).toBeLessThanOrEqual(9)
  })

  test('formats nothing with Intl, whose first use takes a slow machine 100 ms', async () => {
    await using app = await openScriptedApp(browser, { scripts: ['Some words.'] })
    await send(app.page, 'Hello mill')
    await lastAnswer(app.page).getByText('tokens').waitFor()
    const page = await app.page.context().newPage()
    await page.addInitScript(() => {
      const uses: string[] = []
      Reflect.set(window, 'usesOfIntl', uses)
      const note = (holder: object, name: string): void => {
        const original: unknown = Reflect.get(holder, name)
        if (typeof original !== 'function') return
        const noted = new Proxy(original, {
          apply: (target, self, values) => (uses.push(name), Reflect.apply(target, self, values)),
          construct: (target, values) => (uses.push(name), Reflect.construct(target, values)),
        })
        Reflect.set(holder, name, noted)
      }
      for (const name of ['DateTimeFormat', 'NumberFormat', 'RelativeTimeFormat', 'ListFormat', 'PluralRules'])
        note(Intl, name)
      note(Number.prototype, 'toLocaleString')
      for (const name of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString']) note(Date.prototype, name)
    })
    await page.goto(app.page.url())
    await lastAnswer(page).getByText('tokens').waitFor()
    await row(page, 'Hello mill').waitFor()
    await page.waitForLoadState('networkidle')
    expect(await page.evaluate('usesOfIntl')).toEqual([])
  })

  test('moves nothing that is shown when the data comes', async () => {
    await using app = await browser.open()
    using client = newClient(app.segue)
    const id = await startChat(client, 'The mill', 'Hello mill')
    const page = await app.openPage(`/chat/${id}`)
    await page.getByRole('article').getByText('Hello mill').first().waitFor()
    await page.getByRole('navigation', { name: 'Chats' }).getByRole('link').filter({ hasText: 'The mill' }).waitFor()
    expect(await page.evaluate(readLayoutShift)).toBeLessThan(0.05)
  })

  test(
    'of a chat of many messages moves nothing either, and reads no more messages than it shows',
    { timeout: 60_000 },
    async () => {
      await using app = await openScriptedApp(browser)
      const { page, segue, provider } = app
      provider.defaultAnswer = () =>
        'Some words that fill a line or two of the column of a chat, as answers do. '.repeat(40)
      const id = await makeChat(segue.url, 30)
      const asked: string[] = []
      page.on('request', (request) => asked.push(request.postData() ?? ''))
      await page.goto(`${segue.url}/chat/${id}`)
      await page.getByRole('article').getByText('Question 30?').waitFor()
      await page.getByRole('navigation', { name: 'Chats' }).getByRole('link').first().waitFor()
      await page.waitForLoadState('networkidle')
      expect(await page.evaluate(readLayoutShift)).toBeLessThan(0.05)
      expect(asked.filter((body) => body.includes('$before: String'))).toEqual([])
    },
  )

  test('of a new chat has no Markdown, which comes when something is written', async () => {
    await using app = await browser.open()
    const page = await app.page.context().newPage()
    const files: string[] = []
    page.on('request', (request) => files.push(request.url()))
    await page.goto(app.segue.url)
    await page.getByRole('textbox', { name: 'Message' }).waitFor()
    expect(files.filter((file) => /\/(markdown|transcript)-/.test(file))).toEqual([])
    const markdown = page.waitForRequest(/\/assets\/markdown-[^/]+\.js$/)
    await page.getByRole('textbox', { name: 'Message' }).fill('H')
    await markdown
  })
})

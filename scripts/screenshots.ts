// Writes docs/screenshots/*.png and stop-and-resume.webp: the web app with chats that are always the same. It needs Chromium.
// With names, only those.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { findChromium, launchChromium } from '../tests/support/clients/chromium.ts'
import { buildWeb } from './build/build-web.ts'
import { makeDemoChats } from './screenshots/demo-chats.ts'
import { startDemoProvider } from './screenshots/demo-provider.ts'
import { type DemoServer, startDemoServer } from './screenshots/demo-server.ts'
import { captureStopAndResume } from './screenshots/stop-and-resume.ts'

const folder = join(import.meta.dirname, '..', 'docs', 'screenshots')
const wanted = new Set(process.argv.slice(2))

const looks = {
  light: { viewport: { width: 1280, height: 800 } },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
} as const satisfies Record<string, BrowserContextOptions>

interface Picture {
  readonly name: string
  readonly path: string
  readonly looks?: readonly (keyof typeof looks)[]
  /** Waits until all of it is there. */
  readonly prepare: (page: Page) => Promise<unknown>
}

async function takePicture(browser: Browser, server: DemoServer, { name, path, prepare, ...picture }: Picture) {
  if (wanted.size > 0 && !wanted.has(name)) return
  for (const look of picture.looks ?? (['light', 'dark', 'phone'] as const)) {
    const context = await browser.newContext({ ...looks[look], reducedMotion: 'reduce', serviceWorkers: 'block' })
    const page = await context.newPage()
    await page.goto(server.url + path)
    await prepare(page)
    await page.evaluate(() => document.fonts.ready)
    await page.waitForLoadState('networkidle')
    // Code is coloured in a worker.
    await page.waitForTimeout(1000)
    await page.screenshot({ path: join(folder, `${name}-${look}.png`), animations: 'disabled', caret: 'hide' })
    await context.close()
  }
}

const seeText = (text: string) => (page: Page) => page.getByRole('main').getByText(text).first().waitFor()
const seeHeading = (page: Page) => page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()

const executablePath = findChromium()
if (executablePath === null) throw new Error('Chromium was not found. Set CHROMIUM_PATH.')
mkdirSync(folder, { recursive: true })
await buildWeb()
await using browser = await launchChromium(executablePath)
await using provider = await startDemoProvider()
const models = ['trip', 'slow', 'busy', 'refused']
await using server = await startDemoServer({
  model: 'demo/trip',
  titles: false,
  prices: { '*': { input: 0.5, output: 2 } },
  providers: { demo: { type: 'openai-compatible', baseURL: provider.baseURL, models } },
})
const chats = await makeDemoChats(server.client)
const toChatPath = (sessionId: string): string => `/chat/${encodeURIComponent(sessionId)}`

{
  await using empty = await startDemoServer({})
  await takePicture(browser, empty, { name: 'first-run', path: '/', prepare: seeText('Add a model') })
}
const pictures: readonly Picture[] = [
  { name: 'chat', path: toChatPath(chats.answered), prepare: seeText('Shall I look for a room') },
  { name: 'approval', path: toChatPath(chats.approval), prepare: seeText('May roll_dice run?') },
  { name: 'error', path: toChatPath(chats.failed), prepare: seeText('Translate this letter') },
  { name: 'inbox', path: '/inbox', prepare: seeText('Which harbour') },
  { name: 'jobs', path: '/jobs', prepare: seeText('Morning news') },
  { name: 'usage', path: '/usage', prepare: seeHeading },
  { name: 'settings', path: '/settings', prepare: seeHeading },
]
for (const picture of pictures) await takePicture(browser, server, picture)

const { id: busy } = await server.client.createSession({ title: 'A plan for the garden', model: 'demo/busy' })
const events = server.client.chat({ sessionId: busy, text: 'Plan my garden from March to August, please.' })
for await (const { type } of events) if (type === 'TextDelta') break
const next = server.client.chat({ sessionId: busy, text: 'And when do I prune the hedge?', ifBusy: 'QUEUE' })
await next.next()
await takePicture(browser, server, { name: 'busy', path: toChatPath(busy), prepare: seeText('broad beans') })
if (wanted.size === 0 || wanted.has('stop-and-resume')) await captureStopAndResume(browser, server, folder)

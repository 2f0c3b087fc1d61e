import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { defaultLimits } from '../../../src/config/limits.ts'
import { builtWebAppFolder } from '../../../src/server/web-app/web-app-handler.ts'
import { findChromium, launchChromium } from '../../../tests/support/clients/chromium.ts'
import { startTestSegue, type TestSegue, type TestSegueOptions } from '../../../tests/support/server/segue.ts'
import { waitLimitMs } from '../../../tests/support/vitest-limits.ts'

const executablePath = findChromium()

/** A page of the app of a server. Disposing of it checks that the page reported no error. */
export interface OpenPages extends AsyncDisposable {
  readonly page: Page
  /** Opens another window of the same browser. */
  openPage(path?: string): Promise<Page>
}

/** A server and a page of its app. */
export interface OpenApp extends OpenPages {
  readonly segue: TestSegue
}

export interface OpenPagesOptions {
  /** Default: `/`. */
  readonly path?: string
  /** The size, language, theme and so on of the page. Default: 1200 by 800 pixels, light. */
  readonly context?: BrowserContextOptions
  /** Errors that the test is about, and which the page may report. */
  readonly expectedErrors?: RegExp
}

export interface OpenAppOptions extends OpenPagesOptions {
  /** Default: a server with the offline agent alone, in a new home. */
  readonly segue?: TestSegueOptions
}

export interface AppBrowser {
  open(options?: OpenAppOptions): Promise<OpenApp>
  /** Opens the app of a server that the test runs, such as one in a process of its own. */
  openAt(url: string, options?: OpenPagesOptions): Promise<OpenPages>
}

/** Defines tests of the app in Chromium. They are skipped where there is none, and fail if `CI` is set. */
export function describeApp(subject: string, define: (browser: AppBrowser) => void): void {
  describe.skipIf(executablePath === null && !process.env['CI'])(`${subject}, in Chromium:`, () => {
    let browser: Browser | null = null
    beforeAll(async () => {
      if (executablePath === null) throw new Error('Chromium was not found. Set CHROMIUM_PATH.')
      browser = await launchChromium(executablePath)
    })
    afterAll(() => browser?.close())
    const getBrowser = (): Browser => {
      if (!browser) throw new Error('The browser was not started.')
      return browser
    }
    define({
      open: (options = {}) => openApp(getBrowser(), options),
      openAt: (url, options = {}) => openPages(getBrowser(), url, options),
    })
  })
}

async function openApp(browser: Browser, options: OpenAppOptions): Promise<OpenApp> {
  await using resources = new AsyncDisposableStack()
  // The app has to be within the limits that servers have by default.
  const settings = { limits: defaultLimits, ...options.segue?.settings }
  const segue = resources.use(await startTestSegue({ ...options.segue, settings, webAppFolder: builtWebAppFolder }))
  const pages = resources.use(await openPages(browser, segue.url, options))
  const owned = resources.move()
  return { ...pages, segue, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function openPages(browser: Browser, url: string, options: OpenPagesOptions): Promise<OpenPages> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options.context })
  // A test that waits in vain says for what.
  context.setDefaultTimeout(waitLimitMs)
  const errors: string[] = []
  const openPage = async (path = '/'): Promise<Page> => {
    const page = await context.newPage()
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text())
    })
    await page.goto(url + path)
    return page
  }
  return {
    page: await openPage(options.path),
    openPage,
    [Symbol.asyncDispose]: async () => {
      await context.close()
      expect(errors.filter((error) => !options.expectedErrors?.test(error))).toEqual([])
    },
  }
}

import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { builtWebAppFolder } from '../../../src/server/web-app/web-app-handler.ts'
import { findChromium, launchChromium } from '../../../tests/support/clients/chromium.ts'
import { startTestSegue, type TestSegue, type TestSegueOptions } from '../../../tests/support/server/segue.ts'

const executablePath = findChromium()

/** A server and a page of its app. Disposing of it checks that the page reported no error. */
export interface OpenApp extends AsyncDisposable {
  readonly segue: TestSegue
  readonly page: Page
  /** Opens another window of the same browser. */
  openPage(path?: string): Promise<Page>
}

export interface OpenAppOptions {
  /** Default: a server with the offline agent alone, in a new home. */
  readonly segue?: TestSegueOptions
  /** Default: `/`. */
  readonly path?: string
  /** The size, language, theme and so on of the page. Default: 1200 by 800 pixels, light. */
  readonly context?: BrowserContextOptions
  /** Errors that the test is about, and which the page may report. */
  readonly expectedErrors?: RegExp
}

export interface AppBrowser {
  open(options?: OpenAppOptions): Promise<OpenApp>
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
    define({
      open: (options = {}) => {
        if (!browser) throw new Error('The browser was not started.')
        return openApp(browser, options)
      },
    })
  })
}

async function openApp(browser: Browser, options: OpenAppOptions): Promise<OpenApp> {
  const segue = await startTestSegue({ ...options.segue, webAppFolder: builtWebAppFolder })
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options.context })
  const errors: string[] = []
  const openPage = async (path = '/'): Promise<Page> => {
    const page = await context.newPage()
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text())
    })
    await page.goto(segue.url + path)
    return page
  }
  return {
    segue,
    page: await openPage(options.path),
    openPage,
    [Symbol.asyncDispose]: async () => {
      await context.close()
      await segue[Symbol.asyncDispose]()
      expect(errors.filter((error) => !options.expectedErrors?.test(error))).toEqual([])
    },
  }
}

import { afterAll, beforeAll, describe } from 'vitest'
import { type Browser, findChromium, startChromium } from '../../../tests/support/clients/chromium.ts'
import type { TestHttpServer } from '../../../tests/support/server/small-server.ts'
import { type AdapterPage, type AdapterPageOptions, openAdapterPage, startAdapterPageServer } from './adapter-pages.ts'

const executablePath = findChromium()

/** A browser for the tests of adapters. */
export interface AdapterBrowser {
  /** The origin of the pages, which the server of the API has to allow. */
  getOrigin(): string
  open(options: AdapterPageOptions): Promise<AdapterPage>
}

/** Defines tests in Chromium. They are skipped where there is none, and fail if `CI` is set. */
export function describeInChromium(subject: string, define: (browser: AdapterBrowser) => void): void {
  describe.skipIf(executablePath === null && !process.env['CI'])(`${subject}, in Chromium:`, () => {
    let started: { readonly browser: Browser; readonly pageServer: TestHttpServer } | null = null
    const getStarted = () => {
      if (!started) throw new Error('The browser was not started.')
      return started
    }
    beforeAll(async () => {
      if (executablePath === null) throw new Error('Chromium was not found. Set CHROMIUM_PATH.')
      started = { browser: await startChromium(executablePath), pageServer: await startAdapterPageServer() }
    })
    afterAll(async () => {
      await started?.browser[Symbol.asyncDispose]()
      await started?.pageServer[Symbol.asyncDispose]()
    })
    define({
      getOrigin: () => getStarted().pageServer.url,
      open: (options) => {
        const { browser, pageServer } = getStarted()
        return openAdapterPage(browser.context, pageServer.url, options)
      },
    })
  })
}

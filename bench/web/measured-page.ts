import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { z } from 'zod'

/** How long a page gets for what it does when it has nothing else to do. */
export const settlingMs = 2000

const timedSchema = z.array(z.object({ at: z.number(), ms: z.number() }))
const measurementSchema = z.object({
  /** Each frame, with the time since the one before. `at`: since the measurement began. */
  frames: timedSchema,
  /** Tasks of 50 ms or more. */
  longTasks: timedSchema,
  /** As in Cumulative Layout Shift, but of the whole time. */
  layoutShift: z.number(),
  /** In the page, at the end. */
  elements: z.number(),
  /** Milliseconds since the navigation. */
  firstPaint: z.number(),
  /** Since the navigation. */
  requests: z.number(),
})

/** What `page-probe.js` has noted. Times are milliseconds. */
export type Measurement = z.infer<typeof measurementSchema>

export interface MeasuredPage extends AsyncDisposable {
  readonly page: Page
  /** Resolves to the time since the navigation when all elements are shown and the page is free to react. */
  whenShown(...selectors: readonly string[]): Promise<number>
  /** Forgets what was before. */
  begin(): Promise<void>
  end(): Promise<Measurement>
  /** Scrolls by so many pixels in each of so many frames. Resolves to the most elements that the page had. */
  scroll(selector: string, pixels: number, frames: number): Promise<number>
}

export interface OpenMeasuredPageOptions {
  readonly url: string
  /** How much slower the page's processor is. */
  readonly slowdown?: number
}

/** Opens a page in a browser context of its own: nothing is in a cache. */
export async function openMeasuredPage(
  browser: Browser,
  { url, slowdown = 1 }: OpenMeasuredPageOptions,
): Promise<MeasuredPage> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } })
  const page = await context.newPage()
  await page.addInitScript({ path: join(import.meta.dirname, 'page-probe.js') })
  if (slowdown !== 1) {
    const session = await context.newCDPSession(page)
    await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
  }
  await page.goto(url, { waitUntil: 'commit' })
  const run = (expression: string): Promise<unknown> => page.evaluate(expression)
  return {
    page,
    whenShown: async (...selectors) => z.number().parse(await run(`probe.whenShown(${JSON.stringify(selectors)})`)),
    begin: async () => void (await run('probe.begin()')),
    end: async () => measurementSchema.parse(await run('probe.end()')),
    scroll: async (selector, pixels, frames) =>
      z.number().parse(await run(`probe.scroll(${JSON.stringify(selector)}, ${pixels}, ${frames})`)),
    [Symbol.asyncDispose]: () => context.close(),
  }
}

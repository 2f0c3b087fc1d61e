import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, findChromium, startChromium } from '../../../tests/support/clients/chromium.ts'
import type { TestHttpServer } from '../../../tests/support/server/small-server.ts'
import {
  expectExactAnswer,
  rounds,
  runSchedules,
  type ScheduleWorld,
  startScheduleWorld,
} from '../schedules/schedule-world.ts'
import { openClientPage, startPageServer } from './client-page.ts'

const executablePath = findChromium()

test.runIf(executablePath === null)('a browser is available for the tests of the client library', ({ skip }) => {
  if (!process.env['CI']) skip()
  expect(executablePath).not.toBeNull()
})

describe.runIf(executablePath !== null)('in Chromium,', () => {
  let browser: Browser
  let pageServer: TestHttpServer
  let world: ScheduleWorld

  beforeAll(async () => {
    pageServer = await startPageServer()
    world = await startScheduleWorld([pageServer.url])
    browser = await startChromium(executablePath ?? '')
  })

  afterAll(async () => {
    await browser[Symbol.asyncDispose]()
    await world[Symbol.asyncDispose]()
    await pageServer[Symbol.asyncDispose]()
  })

  test(
    `${rounds} answers arrive exactly once through connections that break at random`,
    { timeout: 60_000 + rounds * 2000, retry: 0 },
    async () => {
      const page = await openClientPage(browser.context, pageServer.url)
      await runSchedules((schedule) =>
        expectExactAnswer(world, schedule, (run) => page.evaluate((given) => segue.runSchedule(given), run)),
      )
    },
  )
})

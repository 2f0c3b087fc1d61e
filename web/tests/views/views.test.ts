import { expect, test } from 'vitest'
import { newScriptedServer } from '../../../tests/support/mcp/servers.ts'
import { newClient, startChat } from '../support/chats.ts'
import { describeApp } from '../support/describe-app.ts'
import { findViolations } from '../support/find-violations.ts'
import { readLayoutShift } from '../support/layout-shift.ts'
import { findJobs, makeJob } from '../support/open-jobs.ts'

const priceOfAll = { input: 1, cached: 0.1, output: 2, reasoning: 2 }

describeApp('The views of jobs, usage and settings', (browser) => {
  test.each(['light', 'dark'] as const)('have no violation that axe finds, in the %s theme', async (colorScheme) => {
    await using app = await browser.open({
      context: { colorScheme },
      segue: { settings: { mcpServers: [newScriptedServer()], prices: { '*': priceOfAll } } },
    })
    const { page, segue } = app
    const id = await makeJob(segue.url, { schedule: '0 9 * * 1-5', instructions: 'Be brief.' })
    await makeJob(segue.url, { name: 'Gulls', schedule: 'every 2h' })

    await page.goto(`${segue.url}/jobs/${id}`)
    const { button, runs, jobs, preview } = findJobs(page)
    await button('Run now').click()
    await runs.getByText('Succeeded').waitFor()
    expect(await findViolations(page)).toEqual([])
    await button('Delete').click()
    await page.getByRole('alertdialog').waitFor()
    expect(await findViolations(page)).toEqual([])

    await page.goto(`${segue.url}/jobs`)
    await jobs.nth(1).waitFor()
    expect(await findViolations(page)).toEqual([])

    await page.goto(`${segue.url}/jobs/${id}/edit`)
    await preview.getByRole('listitem').first().waitFor()
    expect(await findViolations(page)).toEqual([])

    await page.goto(`${segue.url}/usage`)
    await page.getByText('Show as a table').click()
    expect(await findViolations(page)).toEqual([])

    await page.goto(`${segue.url}/settings`)
    await page.getByText('1 model of offline').click()
    await page.getByText('1,000,000 characters').waitFor()
    expect(await findViolations(page)).toEqual([])
  })

  test('move nothing that is shown while they are read', async () => {
    await using app = await browser.open()
    using client = newClient(app.segue)
    await startChat(client, 'The mill', 'Hello mill')
    const last = { '/settings': 'Longest message', '/inbox': 'The mill', '/jobs': 'Jobs', '/usage': 'Show as a table' }
    for (const [path, text] of Object.entries(last)) {
      const page = await app.page.context().newPage()
      await page.goto(`${app.segue.url}${path}`)
      await page.getByRole('main').getByText(text).first().waitFor()
      await page.waitForLoadState('networkidle')
      expect(await page.evaluate(readLayoutShift), path).toBe(0)
      await page.close()
    }
  })

  test('fit a page of 360 pixels, whose tables scroll by themselves', async () => {
    await using app = await browser.open({ context: { viewport: { width: 360, height: 700 } } })
    const { page, segue } = app
    const id = await makeJob(segue.url, {
      name: 'A job with a name that is rather long for a phone',
      prompt: 'x'.repeat(300),
    })
    for (const path of ['/jobs', `/jobs/${id}`, `/jobs/${id}/edit`, '/usage', '/settings']) {
      await page.goto(segue.url + path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
      const main = page.getByRole('main').locator('> div').first()
      expect(await main.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0)
    }
  })
})

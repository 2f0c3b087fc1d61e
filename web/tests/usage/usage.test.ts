import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { findChat, openWithProvider } from '../support/open-chat.ts'
import { findJobs, makeJob } from '../support/open-jobs.ts'

const usage = { input: 1200, output: 340, cached: 1000, reasoning: 40 }
const today = new Date().toISOString().slice(0, 10)

const readTable = (page: Page, name: string): Promise<string[]> =>
  page.getByRole('group', { name, exact: true }).getByRole('row').allInnerTexts()

describeApp('Usage', (browser) => {
  test('is shown in all, by day, by model and by job, with cached and reasoning tokens and the cost', async () => {
    await using app = await openWithProvider(browser, {
      settings: { currency: 'EUR', prices: { 'strict/test': { input: 1, cached: 0.5, output: 2, reasoning: 2 } } },
    })
    const { page, segue, provider } = app
    provider.enqueue([{ text: 'Hello.' }, { finish: 'stop' }, { usage }])
    provider.enqueue([{ text: 'Larks.' }, { finish: 'stop' }, { usage }])
    await findChat(page).send('Hello')
    await findChat(page).answers.getByText('Hello.').waitFor()
    const jobId = await makeJob(segue.url)
    await page.goto(`${segue.url}/jobs/${jobId}`)
    await findJobs(page).button('Run now').click()
    await findJobs(page).runs.getByText('Succeeded').waitFor()

    await page.getByRole('link', { name: 'Usage' }).click()
    const totals = page.locator('dl')
    for (const text of ['€0.0028', 'EUR', '2.4K', '2,000 cached', '680', '80 reasoning', '2']) {
      await totals.getByText(text, { exact: true }).waitFor()
    }
    const figures = ['1,200', '1,000', '340', '40', '1']
    const both = ['€0.0028', '2,400', '2,000', '680', '80', '2']
    expect((await readTable(page, 'By model'))[1]?.split(/\s+/).filter(Boolean)).toEqual(['strict/test', ...both])
    expect((await readTable(page, 'By job'))[1]?.split(/\s+/).filter(Boolean)).toEqual(['Birds', '€0.0014', ...figures])

    await page.getByRole('img', { name: 'Cost by day, as bars.' }).waitFor()
    await page.getByText('Show as a table').click()
    expect((await readTable(page, 'Day'))[1]?.split(/\s+/).filter(Boolean)).toEqual([today, ...both])
    await page.getByRole('button', { name: 'Tokens' }).click()
    await page.getByRole('img', { name: 'Tokens by day, as bars.' }).waitFor()

    await page.getByRole('link', { name: 'Birds', exact: true }).click()
    await page.getByRole('heading', { name: 'Birds' }).waitFor()
  })

  test('marks what is estimated, and says where the cost is unknown', async () => {
    await using app = await openWithProvider(browser)
    const { page, segue, provider } = app
    // Without a usage of the provider.
    provider.enqueue([{ text: 'Hello.' }, { finish: 'stop' }])
    await findChat(page).send('Hello')
    await findChat(page).answers.getByText('Hello.').waitFor()
    await page.goto(`${segue.url}/usage`)
    await page.getByText('No prices are configured').waitFor()
    await page.getByText('Some tokens are estimated').waitFor()
    const [, model] = await readTable(page, 'By model')
    expect(model).toMatch(/unknown\s+~\d+/)
  })

  test('is that of the chosen days', async () => {
    await using app = await openWithProvider(browser)
    const { page, segue, provider } = app
    provider.enqueue([{ text: 'Hello.' }, { finish: 'stop' }, { usage }])
    await findChat(page).send('Hello')
    await findChat(page).answers.getByText('Hello.').waitFor()
    await page.goto(`${segue.url}/usage`)
    const span = page.getByRole('group', { name: 'Days' })
    await page.getByText('1.2K').waitFor()
    expect(await span.getByRole('button', { name: '30 days' }).getAttribute('aria-pressed')).toBe('true')
    expect(await page.locator('svg[role=img] > g').count()).toBe(30)
    await span.getByRole('button', { name: '7 days' }).click()
    await expect.poll(() => page.locator('svg[role=img] > g').count()).toBe(7)
    await span.getByLabel('To (UTC)').fill('2020-01-01')
    await page.getByText('The first day must not be after the last one.').waitFor()
    await span.getByLabel('From (UTC)').fill('2019-12-01')
    await page.getByText('No answers ended in these days.').waitFor()
  })
})

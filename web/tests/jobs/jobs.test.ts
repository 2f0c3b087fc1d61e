import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { openWithProvider } from '../support/open-chat.ts'
import { findJobs, makeJob } from '../support/open-jobs.ts'

describeApp('Jobs', (browser) => {
  test('are in the navigation; without any, the view says what one is', async () => {
    await using app = await browser.open()
    const { page } = app
    await page.getByRole('navigation', { name: 'Chats' }).getByRole('link', { name: 'Jobs' }).click()
    await page.getByRole('heading', { name: 'Jobs', level: 1 }).waitFor()
    await page.getByText('No jobs yet').waitFor()
    expect(new URL(page.url()).pathname).toBe('/jobs')
  })

  test('are listed with their schedules, states and next runs, and a run of another client is seen', async () => {
    await using app = await browser.open()
    const { page, segue } = app
    const id = await makeJob(segue.url, { schedule: '30 9 * * 1-5', timezone: 'UTC' })
    await page.goto(`${segue.url}/jobs`)
    const { jobs, button } = findJobs(page)
    await jobs.getByText('Monday to Friday at 09:30').waitFor()
    await jobs.getByText('Scheduled').waitFor()
    await jobs.getByText(/^Next run in /).waitFor()
    const other = await app.openPage(`/jobs/${id}`)
    await findJobs(other).button('Run now').click()
    await jobs.getByText('Succeeded').waitFor()
    await button('Pause “Birds”').click()
    await jobs.getByText('Paused').waitFor()
    await button('Resume “Birds”').click()
    await jobs.getByText('Scheduled').waitFor()
  })

  test('a run has its output as Markdown, its cost and tokens, its time, and its chat', async () => {
    await using app = await openWithProvider(browser, {
      settings: { prices: { 'strict/*': { input: 1, cached: 0.5, output: 2, reasoning: 2 } } },
    })
    const { page, segue, provider } = app
    provider.enqueue([
      { text: 'The **larks** are back.' },
      { finish: 'stop' },
      { usage: { input: 1200, output: 340, cached: 1000, reasoning: 40 } },
    ])
    const id = await makeJob(segue.url)
    await page.goto(`${segue.url}/jobs/${id}`)
    const { runs, facts, button } = findJobs(page)
    await page.getByText('It has not run yet.').waitFor()
    await button('Run now').click()
    await runs.locator('strong', { hasText: 'larks' }).waitFor()
    await runs.getByText('Succeeded').waitFor()
    await runs.getByText('started by hand').waitFor()
    await runs.getByText('1.2K in, 340 out · $0.0014').waitFor()
    await facts.getByText('1.2K in, 340 out · $0.0014').waitFor()
    await runs.getByRole('link', { name: 'Open the chat' }).click()
    await page.waitForURL(/\/chat\/ses_/)
    await page.getByRole('article').getByText('Which birds are back?').waitFor()
  })

  test('a run that fails says why, and one that is running says so', async () => {
    await using app = await openWithProvider(browser)
    const { page, segue, provider } = app
    provider.enqueue([{ status: 400, body: { error: { message: 'No birds here' } } }])
    const id = await makeJob(segue.url)
    await page.goto(`${segue.url}/jobs/${id}`)
    const { runs, button } = findJobs(page)
    await button('Run now').click()
    await runs.getByText('Failed').waitFor()
    await runs.getByText(/No birds here/).waitFor()
    const { promise, resolve } = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Soon' }, { wait: promise }, { finish: 'stop' }])
    await button('Run now').click()
    await runs.first().getByText('Running').waitFor()
    expect(await button('Run now').isDisabled()).toBe(true)
    resolve()
    await runs.first().getByText('Succeeded').waitFor()
  })

  test('a job runs by its schedule while the page is open', async () => {
    await using app = await browser.open()
    const { page, segue } = app
    const id = await makeJob(segue.url, { schedule: 'every 1s', repeatLimit: 1 })
    await page.goto(`${segue.url}/jobs/${id}`)
    const { runs, facts } = findJobs(page)
    await runs.getByText('Succeeded').waitFor()
    await facts.getByText('1 of 1').waitFor()
    await page.getByRole('main').getByText('Completed').waitFor()
  })

  test('is deleted after a confirmation, which can be left with the key Escape', async () => {
    await using app = await browser.open()
    const { page, segue } = app
    const id = await makeJob(segue.url)
    await page.goto(`${segue.url}/jobs/${id}`)
    const { button } = findJobs(page)
    const dialog = page.getByRole('alertdialog', { name: 'Delete “Birds”?' })
    await button('Delete').click()
    await dialog.getByText('The chats of the runs stay.').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await button('Delete').click()
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await page.waitForURL(/\/jobs$/)
    await page.getByText('No jobs yet').waitFor()
    await page.goto(`${segue.url}/jobs/${id}`)
    await page.getByText('There is no such job.').waitFor()
  })
})

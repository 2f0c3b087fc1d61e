import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { openWithProvider } from '../support/open-chat.ts'
import { findJobs, makeJob } from '../support/open-jobs.ts'

describeApp('The form of a job', (browser) => {
  test('previews the next runs in the time zone of the person, and makes the job', async () => {
    await using app = await openWithProvider(browser, { path: '/jobs/new', context: { timezoneId: 'Asia/Tokyo' } })
    const { page } = app
    const { preview, facts, button } = findJobs(page)
    await page.getByLabel('Name').fill('Morning')
    await page.getByLabel('Prompt').fill('What is new?')
    await page.getByLabel('Repeat').selectOption('Monday to Friday')
    await page.getByLabel('At', { exact: true }).fill('07:15')
    await preview.getByText('In your time zone, Asia/Tokyo.').waitFor()
    await preview
      .getByText(/^(Mon|Tue|Wed|Thu|Fri), .*, 07:15$/)
      .nth(4)
      .waitFor()
    await page.getByLabel('Time zone').selectOption('UTC')
    await preview
      .getByText(/, 16:15$/)
      .nth(4)
      .waitFor()
    await preview
      .getByText(/, 07:15 in UTC$/)
      .nth(4)
      .waitFor()
    await page.getByLabel('Model').selectOption('strict/other')
    await page.getByLabel('Effort of reasoning').selectOption('low')
    await page.getByLabel('Instructions').fill('Be brief.')
    await page.getByLabel('Tokens of a run').fill('5000')
    await page.getByLabel('Cost of a run').fill('0.5')
    await page.getByLabel('Number of runs').fill('3')
    await button('Create job').click()
    await page.waitForURL(/\/jobs\/job_/)
    for (const text of ['Monday to Friday at 07:15 (UTC)', 'strict/other', 'low', '5,000 tokens', '0 of 3']) {
      await facts.getByText(text).waitFor()
    }
    await facts.getByText('0.5 in the currency of the server').waitFor()
    await page.getByText('Be brief.').waitFor()
  })

  test('takes common schedules by their fields, and any other as text', async () => {
    await using app = await browser.open()
    const { page, segue } = app
    const { facts, button, preview } = findJobs(page)
    const cases = [
      { kind: 'Every day', schedule: 'Every day at 09:00' },
      { kind: 'Every week', schedule: 'Every Monday at 09:00' },
      { kind: 'Every month', schedule: 'On day 1 of every month at 09:00' },
      { kind: 'At an interval', schedule: 'Every 30 minutes' },
      { kind: 'Once, after a while', schedule: 'in 30m' },
      { kind: 'Once, at a time', field: 'At', value: '2040-01-31T09:00', schedule: 'Once: Tue, Jan 31, 2040, 09:00' },
      { kind: 'As text', field: 'Schedule as text', value: '*/7 1 * * *', schedule: '*/7 1 * * *' },
    ]
    for (const { kind, field, value, schedule } of cases) {
      await page.goto(`${segue.url}/jobs/new`)
      await page.getByLabel('Name').fill('Birds')
      await page.getByLabel('Prompt').fill('Which birds are back?')
      await page.getByLabel('Repeat').selectOption(kind)
      if (field !== undefined) await page.getByLabel(field, { exact: true }).fill(value)
      await preview.getByRole('listitem').first().waitFor()
      await button('Create job').click()
      await facts.getByText(schedule).waitFor()
    }
  })

  test('says what is wrong with a schedule while it is typed, and keeps what was typed when it is refused', async () => {
    await using app = await browser.open({ path: '/jobs/new', expectedErrors: /400/ })
    const { page } = app
    const { preview, button } = findJobs(page)
    await page.getByLabel('Name').fill('Birds')
    await page.getByLabel('Prompt').fill('Which birds are back?')
    await page.getByLabel('Repeat').selectOption('As text')
    await page.getByLabel('Schedule as text').fill('every moon')
    await preview.getByText('"every moon" has no valid duration.').waitFor()
    await button('Create job').click()
    await page.getByRole('alert').getByText('"every moon" has no valid duration.').waitFor()
    await page.reload()
    expect(await page.getByLabel('Schedule as text').inputValue()).toBe('every moon')
    expect(await page.getByLabel('Prompt').inputValue()).toBe('Which birds are back?')
  })

  test('changes a job, whose schedule goes on unless it is another one', async () => {
    await using app = await browser.open()
    const { page, segue } = app
    const id = await makeJob(segue.url, { schedule: 'every 5h', budget: { tokens: 100 } })
    await page.goto(`${segue.url}/jobs/${id}`)
    const { facts, preview, button } = findJobs(page)
    const nextRun = await facts.locator('time').first().getAttribute('datetime')
    await page.getByRole('link', { name: 'Edit' }).click()
    expect(await preview.locator('time').first().getAttribute('datetime')).toBe(nextRun)
    expect(await page.getByLabel('Unit').inputValue()).toBe('h')
    await page.getByLabel('Name').fill('Gulls')
    await page.getByLabel('Tokens of a run').fill('')
    await button('Save').click()
    await page.getByRole('heading', { name: /Gulls/ }).waitFor()
    expect(await facts.locator('time').first().getAttribute('datetime')).toBe(nextRun)
    expect(await facts.getByText('100 tokens').count()).toBe(0)
  })
})

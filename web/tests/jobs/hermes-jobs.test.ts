import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { formatResponseDocument, HermesCron, newHermesJob } from '../../../tests/support/hermes/hermes-cron.ts'
import { newStatePath } from '../../../tests/support/hermes/hermes-fixtures.ts'
import { describeApp } from '../support/describe-app.ts'
import { findJobs } from '../support/open-jobs.ts'

describeApp('Jobs of Hermes', (browser) => {
  test('are listed as read-only, with their runs and outputs', async () => {
    const hermesHome = dirname(newStatePath())
    const cron = new HermesCron(hermesHome)
    cron.writeCombined([newHermesJob({ id: 'birds' })])
    cron.writeExecutions([
      {
        id: 'run10',
        job_id: 'birds',
        claimed_at: '2026-11-22T10:00:00.000001+00:00',
        started_at: '2026-11-22T10:00:01.000001+00:00',
        finished_at: '2026-11-22T10:00:09.000001+00:00',
      },
    ])
    cron.writeOutput('birds', '2026-11-22_10-00-07', formatResponseDocument('The *larks*.'))
    await using app = await browser.open({ path: '/jobs', segue: { settings: { hermesHome } } })
    const { page } = app
    const { hermesJobs, runs } = findJobs(page)
    await page.getByText('Jobs of Hermes are read-only').waitFor()
    await hermesJobs.getByText('Every 30 minutes').waitFor()
    expect(await hermesJobs.getByRole('button').count()).toBe(0)
    await hermesJobs.getByRole('link', { name: 'Birds' }).click()
    await page.getByText('Jobs of Hermes are read-only').waitFor()
    await runs.locator('em', { hasText: 'larks' }).waitFor()
    for (const name of ['Run now', 'Pause', 'Delete']) {
      expect(await page.getByRole('button', { name, exact: true }).count()).toBe(0)
    }
    expect(await page.getByRole('link', { name: 'Edit' }).count()).toBe(0)
  })
})

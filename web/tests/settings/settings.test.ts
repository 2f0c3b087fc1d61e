import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newProvider } from '../../../tests/support/providers/provider.ts'
import { StrictProvider } from '../../../tests/support/providers/strict-provider.ts'
import { newHome, testLimits } from '../../../tests/support/server/segue.ts'
import { defaultLimits } from '../../../src/config/limits.ts'
import { describeApp } from '../support/describe-app.ts'
import { openWithProvider } from '../support/open-chat.ts'
import { waitLimitMs } from '../../../tests/support/vitest-limits.ts'

describeApp('Settings', (browser) => {
  test('have the theme, which lasts', async () => {
    await using app = await browser.open()
    const { page } = app
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor()
    await page.getByRole('radio', { name: 'Dark' }).check()
    await page.reload()
    expect(await page.getByRole('radio', { name: 'Dark' }).isChecked()).toBe(true)
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
  })

  test('have notifications, of which the browser is asked by a click alone', async () => {
    await using app = await browser.open({ path: '/settings' })
    const section = app.page.getByRole('region', { name: 'Notifications' })
    await section.getByText('Of what asks you or ends while this page is hidden.').waitFor()
    await section.getByText(/Notify me|Notifications are blocked/).waitFor()
  })

  test('show the profiles and their instructions, and where these are', async () => {
    const home = newHome()
    writeFileSync(join(home, 'INSTRUCTIONS.md'), 'Always answer in one sentence.')
    await using app = await browser.open({ path: '/settings', segue: { settings: { home } } })
    const { page } = app
    const profiles = page.getByRole('list', { name: 'Profiles' })
    await profiles.getByText('Instructions of default').click()
    await profiles.getByText('Always answer in one sentence.').waitFor()
    await page.getByText('the file INSTRUCTIONS.md beside it').waitFor()
    expect(await profiles.getByRole('textbox').count()).toBe(0)
  })

  test('say which providers answer, what to do where one does not, and what is known of their models', async () => {
    await using app = await openWithProvider(browser, { contextWindow: 32_000 })
    const { page, segue, provider } = app
    const providers = page.getByRole('list', { name: 'Providers and models' })
    const strict = providers.getByRole('listitem').filter({ hasText: 'strict' })
    await page.goto(`${segue.url}/settings`)
    await strict.getByText('Answers', { exact: true }).waitFor()
    await strict.getByText('2 models of strict').click()
    await strict.getByRole('row', { name: /test Default 32,000/ }).waitFor()
    await providers.getByRole('listitem').filter({ hasText: 'offline' }).getByText('Answers', { exact: true }).waitFor()
    await provider.close()
  })

  test('show sixty providers, within the cost that a request may have', async () => {
    const providers = Array.from({ length: 60 }, (_, index) =>
      newProvider({ name: `cloud${index}`, type: 'anthropic', unsetApiKeyEnv: 'WORK_KEY', models: [`claude${index}`] }),
    )
    const { cost } = defaultLimits
    const settings = { providers, limits: { ...testLimits, cost } }
    await using app = await browser.open({ path: '/settings', segue: { settings } })
    const list = app.page.getByRole('list', { name: 'Providers and models' })
    const last = list.getByRole('listitem').filter({ hasText: 'cloud59' })
    await last.getByText('1 model of cloud59').click()
    await last.getByRole('row', { name: /claude59/ }).waitFor()
    expect(await list.locator('> li').count()).toBe(61)
  })

  test('say how a provider is mended that does not answer, or has no key', async () => {
    const silent = newProvider({ name: 'silent', baseURL: 'http://127.0.0.1:1/v1', models: ['a'] })
    const keyless = newProvider({ name: 'cloud', type: 'anthropic', unsetApiKeyEnv: 'WORK_KEY', models: ['claude'] })
    await using app = await browser.open({
      path: '/settings',
      segue: { settings: { providers: [silent, keyless] } },
    })
    const items = app.page.getByRole('list', { name: 'Providers and models' }).getByRole('listitem')
    const silentItem = items.filter({ hasText: 'silent' })
    await silentItem.getByText('Does not answer').waitFor()
    await silentItem.getByText('Check its URL and whether it is running.').waitFor()
    await items.filter({ hasText: 'cloud' }).getByText('No API key').waitFor()
    await items.filter({ hasText: 'cloud' }).getByText('WORK_KEY is not set. Set it to the API key').waitFor()
  })

  test('see by themselves that a provider answers again', async () => {
    const first = await StrictProvider.start()
    const { baseURL } = first
    const port = Number(new URL(baseURL).port)
    await first.close()
    const back = newProvider({ name: 'back', baseURL, models: ['test'] })
    await using app = await browser.open({ path: '/settings', segue: { settings: { providers: [back] } } })
    const item = app.page
      .getByRole('list', { name: 'Providers and models' })
      .getByRole('listitem')
      .filter({ hasText: 'back' })
    await item.getByText('Does not answer').waitFor()
    await using _ = await StrictProvider.start({ port })
    await item.getByText('Answers', { exact: true }).waitFor({ timeout: waitLimitMs })
    expect(await item.getByText('Check its URL').count()).toBe(0)
  })

  test('have the version and limits of the server, and a link to the playground', async () => {
    await using app = await browser.open({ path: '/settings' })
    const { page } = app
    const server = page.getByRole('region', { name: 'Server' })
    await server.getByText(/^\d+\.\d+\.\d+/).waitFor()
    await server.getByText('1,000,000 characters').waitFor()
    expect(await server.getByRole('link', { name: 'Open the GraphQL playground' }).getAttribute('href')).toBe(
      '/graphql',
    )
  })
})

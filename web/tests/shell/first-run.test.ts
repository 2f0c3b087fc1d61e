import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { newDb, newStatePath } from '../../../tests/support/hermes/hermes-fixtures.ts'
import { describeApp } from '../support/describe-app.ts'
import { findChat, openWithProvider } from '../support/open-chat.ts'

describeApp('The first run', (browser) => {
  test('says what is there, what was looked for, and the lines that add a model', async () => {
    await using app = await browser.open({ context: { permissions: ['clipboard-read', 'clipboard-write'] } })
    const { page } = app
    await page.getByText('the built-in offline agent answers').waitFor()
    for (const place of ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'Ollama', 'config.json', 'Hermes'])
      await page.getByRole('listitem').filter({ hasText: place }).waitFor()
    await page.getByText('config.json in the home of Segue, which is ~/.segue unless you have chosen another').waitFor()
    await page.getByRole('button', { name: 'Anthropic' }).click()
    await page.getByRole('button', { name: 'Copy the lines' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    const copied: unknown = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))
    expect(copied).toEqual({ providers: { anthropic: { type: 'anthropic', apiKeyEnv: 'ANTHROPIC_API_KEY' } } })
  })

  test('has suggestions that fill the composer, and never replace what a person has written', async () => {
    await using app = await browser.open()
    const { page } = app
    const { composer } = findChat(page)
    await page.getByRole('button', { name: 'Draw a picture' }).click()
    expect(await composer.inputValue()).toBe('/image a rose')
    await page.getByRole('button', { name: 'Answer a question' }).click()
    expect(await composer.inputValue()).toBe('/ask Which colour? | red | blue')
    await composer.fill('My own words')
    await page.getByRole('button', { name: 'Draw a picture' }).click()
    expect(await composer.inputValue()).toBe('/image a rose\n\nMy own words')
    await expect.poll(() => composer.evaluate((field) => field === document.activeElement)).toBe(true)
  })

  test('shows the chats of a Hermes home that is found, and says so', async () => {
    const path = newStatePath()
    const hermes = newDb(path)
    hermes.addMessage(hermes.addSession('a', { title: 'Plan the trip' }), 1_790_000_000, {
      role: 'user',
      content: 'Where to?',
    })
    await using app = await browser.open({ segue: { settings: { hermesHome: dirname(path) } } })
    const { page } = app
    await page.getByRole('navigation', { name: 'Chats' }).getByText('Plan the trip').waitFor()
    await page.getByText('The offline agent answers. Add a model').click()
    await page.getByRole('listitem').filter({ hasText: 'Hermes' }).getByText('Its chats are in the list.').waitFor()
  })

  test('loads less than 200 KB of scripts, and what shows messages only once something is written', async () => {
    await using app = await browser.open()
    const { page } = app
    await page.getByText('the built-in offline agent answers').waitFor()
    await page.waitForLoadState('networkidle')
    const readScripts = () =>
      page.evaluate(() =>
        performance
          .getEntriesByType('resource')
          .filter((entry) => entry instanceof PerformanceResourceTiming && entry.name.endsWith('.js'))
          .map((entry) => ({
            name: entry.name,
            bytes: 'encodedBodySize' in entry ? Number(entry.encodedBodySize) : 0,
          })),
      )
    const scripts = await readScripts()
    expect(scripts.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(200_000)
    const hasTranscript = (loaded: typeof scripts): boolean => loaded.some(({ name }) => name.includes('/transcript-'))
    expect(hasTranscript(scripts)).toBe(false)
    await findChat(page).composer.fill('H')
    await expect.poll(async () => hasTranscript(await readScripts())).toBe(true)
  })

  test('is not shown when there is a model', async () => {
    await using app = await openWithProvider(browser)
    const asked: string[] = []
    app.page.on('request', (request) => asked.push(request.postData() ?? ''))
    await app.page.reload()
    await app.page.getByRole('button', { name: 'Model: test' }).waitFor()
    await app.page.waitForLoadState('networkidle')
    expect(asked.filter((body) => body.includes('FirstRun'))).toEqual([])
    expect(await app.page.getByText('The offline agent answers').count()).toBe(0)
  })
})

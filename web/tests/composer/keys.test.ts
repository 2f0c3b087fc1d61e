import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { findChat, holdAnswer, openWithProvider } from '../support/open-chat.ts'

describeApp('The composer', (browser) => {
  test('grows with its lines: Shift+Enter makes one, and Enter sends, but not while a word is composed', async () => {
    await using app = await browser.open()
    const { page } = app
    const { composer, questions } = findChat(page)
    await composer.fill('One')
    const { height = 0 } = (await composer.boundingBox()) ?? {}
    for (const text of ['Two', 'Three']) {
      await composer.press('Shift+Enter')
      await page.keyboard.type(text)
    }
    expect((await composer.boundingBox())?.height).toBeGreaterThan(height * 1.8)
    await composer.evaluate((element) =>
      element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true })),
    )
    expect(await composer.inputValue()).toBe('One\nTwo\nThree')
    await composer.press('Enter')
    await questions.getByText('Three').waitFor()
    expect(await composer.inputValue()).toBe('')
    await expect.poll(() => composer.evaluate((element) => element === document.activeElement)).toBe(true)
  })

  test('makes a new line with Enter on phones, and sends with the button', async () => {
    await using app = await browser.open({
      context: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    })
    const { page } = app
    const { composer, questions } = findChat(page)
    await composer.fill('One')
    await composer.press('Enter')
    await page.keyboard.type('Two')
    expect(await composer.inputValue()).toBe('One\nTwo')
    await page.getByRole('button', { name: 'Send', exact: true }).tap()
    await questions.getByText('Two').waitFor()
  })

  test('remembers whether Enter queues or steers, as was chosen last, over a reload', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    const { composer, send, answers, steering } = findChat(page)
    holdAnswer(provider)
    await send('First')
    await answers.getByText('Let me think').waitFor()
    await composer.fill('Join')
    await page.getByRole('button', { name: 'Send after this answer' }).waitFor()
    await page.getByRole('button', { name: 'How to send' }).click()
    await page.getByRole('menuitem', { name: /^Steer/ }).click()
    await steering.getByText('Join').waitFor()
    await page.reload()
    await steering.getByText('Join').waitFor()
    await send('Join, too')
    await steering.getByText('Join, too').waitFor()
  })

  test('says how long the answer waits because its provider asked for it', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    const { send, answers } = findChat(page)
    provider.enqueue([{ status: 429, body: { error: { message: 'Too fast.' } }, headers: { 'retry-after': '3' } }])
    provider.enqueue('Here I am.')
    await send('Hello')
    await page.getByText(/The provider asked to wait. It is asked again at [\d:]+ in \d s/).waitFor()
    await answers.getByText('Here I am.').waitFor()
    await page.getByText('The provider asked to wait.').waitFor({ state: 'detached' })
  })

  test('says that a model takes no images', async () => {
    await using app = await openWithProvider(browser)
    const { page } = app
    await page.route('**/graphql', async (route) => {
      if (!route.request().postData()?.includes('ChatModels')) return route.continue()
      const response = await route.fetch()
      const text = await response.text()
      return route.fulfill({ response, body: text.replaceAll('"supportsImages":null', '"supportsImages":false') })
    })
    await page.reload()
    await page.getByLabel('Model: test').waitFor()
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    const image = { name: 'dot.png', mimeType: 'image/png', buffer: Buffer.from(png, 'base64') }
    await page.locator('input[type=file]').setInputFiles([image])
    await page.getByText('test takes no images. It is told that there is one.').waitFor()
    expect(await page.getByRole('button', { name: 'Send', exact: true }).isEnabled()).toBe(true)
  })
})

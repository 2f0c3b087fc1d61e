import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { findViolations } from '../support/find-violations.ts'
import { findChat, holdAnswer, openWithProvider } from '../support/open-chat.ts'

const note = { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('A note.') }
const broken = { name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('This is no image.') }

describeApp('axe finds nothing wrong with the composer', (browser) => {
  test.for(['light', 'dark'] as const)('and what opens from it (%s)', { timeout: 90_000 }, async (colorScheme) => {
    await using app = await openWithProvider(browser, {
      contextWindow: 20_000,
      expectedErrors: /400/,
      context: { colorScheme, reducedMotion: 'reduce' },
    })
    const { page, provider } = app
    const { send, answers, queue, steering, composer } = findChat(page)
    await page.getByLabel('Model: test').click()
    await page.getByRole('option').first().waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Instructions of this chat' }).click()
    await page.getByRole('textbox', { name: 'Instructions' }).waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await send('Hello')
    await answers.first().waitFor()
    await page.getByRole('button', { name: /^Context/ }).click()
    await page.getByRole('dialog').waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    holdAnswer(provider)
    await send('And now?')
    await answers.nth(1).getByText('Let me think').waitFor()
    for (const text of ['One', 'Two']) await send(text)
    await send('Three', 'Control+Enter')
    await queue.nth(1).waitFor()
    await steering.waitFor()
    await page.locator('input[type=file]').setInputFiles([note, broken])
    await page.getByRole('listitem').filter({ hasText: 'broken.png' }).getByRole('alert').waitFor()
    await composer.fill('Four')
    expect(await findViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'Remove broken.png' }).click()
    await page.getByRole('button', { name: 'How to send' }).click()
    await page.getByRole('menuitem').first().waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await queue.first().getByRole('button', { name: 'Edit' }).click()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Actions of the chat' }).click()
    await page.getByRole('menuitem').first().waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await findChat(page).questions.first().getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('textbox', { name: 'Text of the message' }).waitFor()
    expect(await findViolations(page)).toEqual([])
  })
})

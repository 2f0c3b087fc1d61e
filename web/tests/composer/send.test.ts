import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { findChat, holdAnswer, openWithProvider } from '../support/open-chat.ts'

describeApp('While an answer is made,', (browser) => {
  test('Enter queues, and a queued message can be edited, moved by keys, taken back and sent now', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    holdAnswer(provider)
    const { send, answers, queue, composer } = findChat(page)
    await send('First')
    await answers.getByText('Let me think').waitFor()
    await send('Second')
    await send('Third')
    await queue.nth(1).getByText('Third').waitFor()

    await queue.nth(0).getByRole('button', { name: /^Move/ }).focus()
    await page.keyboard.press('ArrowDown')
    await queue.nth(0).getByText('Third').waitFor()
    const focused = page.locator(':focus')
    await queue.nth(1).getByRole('button', { name: /^Move/ }).and(focused).waitFor()

    await queue.nth(1).getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('textbox', { name: 'Text of the waiting message' }).fill('Second, better')
    await page.keyboard.press('Enter')
    await queue.nth(1).getByText('Second, better').waitFor()
    // The event of the change may come before the answer to it, which moves the focus.
    await composer.and(focused).waitFor()

    await queue.nth(0).getByRole('button', { name: 'Take back' }).click()
    await queue.nth(1).waitFor({ state: 'detached' })
    expect(await composer.inputValue()).toBe('Third')

    await queue.nth(0).getByRole('button', { name: 'Send now' }).click()
    await findChat(page).questions.getByText('Second, better').waitFor()
    await queue.nth(0).waitFor({ state: 'detached' })
  })

  test('a queued message can be dragged to another place', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    holdAnswer(provider)
    const { send, answers, queue } = findChat(page)
    await send('First')
    await answers.getByText('Let me think').waitFor()
    for (const text of ['One', 'Two', 'Three']) await send(text)
    await queue.nth(2).getByText('Three').waitFor()
    await queue.nth(2).getByRole('button', { name: /^Move/ }).hover()
    await page.mouse.down()
    const box = await queue.nth(0).boundingBox()
    await page.mouse.move((box?.x ?? 0) + 10, (box?.y ?? 0) + 5, { steps: 5 })
    await page.mouse.up()
    await queue.nth(0).getByText('Three').waitFor()
    await page.reload()
    await queue.nth(2).waitFor()
    expect(await queue.allInnerTexts()).toEqual(['Three', 'One', 'Two'])
  })

  test('a message can join it, and is taken back into the composer', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    holdAnswer(provider)
    const { send, answers, steering, composer } = findChat(page)
    await send('First')
    await answers.getByText('Let me think').waitFor()
    await composer.fill('In English, please')
    await page.getByRole('button', { name: 'How to send' }).click()
    await page.getByRole('menuitem', { name: 'Steer' }).click()
    await steering.getByText('In English, please').waitFor()
    await send('Shortly')
    await steering.nth(1).getByText('Shortly').waitFor()
    await composer.fill('And')
    await steering.nth(0).getByRole('button', { name: 'Take back' }).click()
    await steering.nth(1).waitFor({ state: 'detached' })
    expect(await composer.inputValue()).toBe('In English, please\n\nAnd')
  })

  test('Stop says what was saved, and gives back what had not joined', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    holdAnswer(provider, 'One two three')
    const { send, answers, composer } = findChat(page)
    await send('Count')
    await answers.getByText('One two three').waitFor()
    await send('Backwards', 'Control+Enter')
    await findChat(page).steering.waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText('Stopped. Saved: 3 words. The message that had not joined the answer is back').waitFor()
    expect(await composer.inputValue()).toBe('Backwards')
    await expect.poll(() => composer.evaluate((element) => element === document.activeElement)).toBe(true)
  })

  test('it can be interrupted by a message', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    holdAnswer(provider)
    provider.enqueue('Something else.')
    const { send, answers } = findChat(page)
    await send('First')
    await answers.getByText('Let me think').waitFor()
    await send('No, stop', 'Control+Shift+Enter')
    await answers.getByText('Something else.').waitFor()
  })
})

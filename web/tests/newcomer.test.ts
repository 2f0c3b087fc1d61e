import { expect, test } from 'vitest'
import { sidebar } from './support/chats.ts'
import { describeApp } from './support/describe-app.ts'
import { findChat } from './support/open-chat.ts'

describeApp('Somebody who has never seen the app, without a key', (browser) => {
  test(
    'chats, stops, reloads, approves a tool, edits a question and finds an old chat, with what is on the page alone',
    { timeout: 120_000 },
    async () => {
      // Slow enough to be stopped.
      await using app = await browser.open({ segue: { settings: { offlineDelayMs: 100 } } })
      const { page } = app
      const { questions, answers, composer } = findChat(page)
      const send = page.getByRole('button', { name: 'Send', exact: true })
      // The page is ready for it: nothing has to be clicked before.
      await expect.poll(() => composer.evaluate((field) => field === document.activeElement)).toBe(true)
      await page.keyboard.type('Tell me about the ferry to the island')
      await page.keyboard.press('Enter')
      await answers.getByText('Thinking').waitFor()
      await page.getByRole('button', { name: 'Stop' }).click()
      const saved = answers.getByText(/^Stopped/)
      await saved.waitFor()
      await page.reload()
      await saved.waitFor()
      await questions.getByText('Tell me about the ferry to the island').waitFor()

      await page.getByRole('link', { name: 'New chat' }).click()
      await page.getByRole('button', { name: 'Approve a tool' }).click()
      await send.click()
      await page.getByRole('button', { name: /^Allow once/ }).click()
      await answers.getByText('roll_dice returned').waitFor()

      await questions.first().hover()
      await questions.first().getByRole('button', { name: 'Edit' }).click()
      await page.getByRole('textbox', { name: 'Text of the message' }).fill('Why do swifts leave in August?')
      await page.keyboard.press('Enter')
      await questions.getByText('2 of 2').waitFor()
      await send.waitFor()

      await page.getByRole('textbox', { name: 'Search chats' }).fill('island')
      await sidebar(page).getByRole('link').filter({ hasText: 'ferry to the' }).first().click()
      await questions.getByText('Tell me about the ferry to the island').waitFor()
      await saved.waitFor()
      // All of the chat is shown: there is nothing to go to.
      await expect.poll(() => page.getByRole('button', { name: 'Go to the newest message' }).count()).toBe(0)
    },
  )
})

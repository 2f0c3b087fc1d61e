import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { startKillableServer } from '../support/killable-server.ts'
import { findChat, holdAnswer, openWithProvider } from '../support/open-chat.ts'

const notice = 'The server cannot be reached.'

/** What a browser says of a server that is not there. */
const expectedErrors = /ERR_CONNECTION|ERR_FAILED|WebSocket connection/

describeApp('An answer', (browser) => {
  test('goes on when the page is loaded again in the middle of it', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    const answer = holdAnswer(provider, 'The first half')
    const { send, answers } = findChat(page)
    await send('Go on')
    await answers.getByText('The first half').waitFor()
    await page.waitForURL(/\/chat\/ses_/)
    await page.reload()
    await answers.getByText('The first half').waitFor()
    answer.release()
    await answers.getByText('The first half Done.').waitFor()
    expect(await answers.count()).toBe(1)
    expect(provider.requests).toHaveLength(1)
  })

  test('is the same in two windows', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    const answer = holdAnswer(provider, 'The first half')
    const one = findChat(page)
    await one.send('Go on')
    await one.answers.getByText('The first half').waitFor()
    await page.waitForURL(/\/chat\/ses_/)
    const other = findChat(await app.openPage(new URL(page.url()).pathname))
    await other.questions.getByText('Go on').waitFor()
    await other.answers.getByText('The first half').waitFor()
    answer.release()
    for (const { answers } of [one, other]) await answers.getByText('The first half Done.').waitFor()
    await other.send('And now from here')
    await one.questions.getByText('And now from here').waitFor()
  })
})

describeApp('A server that is killed and started again', (browser) => {
  test('has the half-made answer, marked as interrupted, and the page comes back by itself', async () => {
    await using server = await startKillableServer()
    await using app = await browser.openAt(server.url, { expectedErrors })
    const { page } = app
    const { send, answers } = findChat(page)
    await send('I remember a long summer by the sea')
    await page.waitForURL(/\/chat\/ses_/)
    await answers
      .getByText(/\w{2,}/)
      .first()
      .waitFor()
    await server.kill()
    await page.getByRole('status').getByText(notice).waitFor()
    await server.startAgain()
    await page.getByRole('button', { name: 'Try again' }).waitFor()
    await page.getByText(notice).waitFor({ state: 'detached' })
    await answers
      .getByText(/interrupted|stopped/i)
      .first()
      .waitFor()
    await send('Are you there?')
    await page.getByRole('article').filter({ hasText: 'Are you there?' }).waitFor()
  })

  test('is noticed, but not for a blink', async () => {
    await using server = await startKillableServer()
    await using app = await browser.openAt(server.url, { expectedErrors })
    const { page } = app
    await page.clock.install()
    await page.reload()
    await findChat(page).composer.waitFor()
    // Nothing has been shown before a second has passed.
    await server.kill()
    await page.clock.runFor(900)
    expect(await page.getByText(notice).count()).toBe(0)
    await page.clock.runFor(5000)
    await page.getByRole('status').getByText(notice).waitFor()
  })
})

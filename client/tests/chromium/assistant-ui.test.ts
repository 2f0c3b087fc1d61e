import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { newTool, newToolSource } from '../../../tests/support/fixtures/tools.ts'
import { startSegueWithProvider } from '../../../tests/support/server/segue-with-provider.ts'
import { startTestSegue } from '../../../tests/support/server/segue.ts'
import { describeInChromium } from './describe-in-chromium.ts'

const entry = 'assistant-ui-chat.tsx'

async function send(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

/** Waits until an answer has this text, and is complete. */
function answer(page: Page, text: string, status = 'complete') {
  return page.locator(`[data-testid=assistant][data-status=${status}]`, { hasText: text }).waitFor()
}

const shown = (page: Page): Promise<string[]> =>
  page.locator('[data-testid=user] > p, [data-testid=assistant] > p').allInnerTexts()

describeInChromium("assistant-ui's components", (browser) => {
  const startServer = () => startSegueWithProvider({ settings: { allowedOrigins: [browser.getOrigin()] } })

  test('stream, show the answer again after a reload, and stop it', async () => {
    await using server = await startServer()
    const reloaded = Promise.withResolvers<void>()
    server.provider.enqueue([
      { text: 'One ' },
      { wait: reloaded.promise },
      { text: 'two ' },
      { wait: new Promise(() => {}) },
    ])
    await using opened = await browser.open({ url: server.segue.url, entry })
    const { page, errors } = opened

    await send(page, 'Count.')
    await answer(page, 'One', 'running')
    await page.reload()
    await answer(page, 'One', 'running')
    reloaded.resolve()
    await answer(page, 'One two', 'running')
    await page.getByRole('button', { name: 'Stop' }).click()
    await answer(page, 'One two', 'incomplete')
    await page.getByRole('button', { name: 'Send' }).waitFor()

    expect(await shown(page)).toEqual(['Count.', 'One two'])
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('')
    expect(errors).toEqual([])
  })

  test('an answer that is stopped before it begins leaves the message where it is', async () => {
    await using server = await startServer()
    server.provider.enqueue([{ wait: new Promise(() => {}) }])
    await using opened = await browser.open({ url: server.segue.url, entry })
    const { page, errors } = opened

    await send(page, 'Count.')
    await page.locator('[data-testid=assistant][data-status=running]').waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('button', { name: 'Send' }).waitFor()

    expect(await shown(page)).toEqual(['Count.'])
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('')
    expect(errors).toEqual([])
  })

  test('an answer that failed is shown as failed, also if it has no text', async () => {
    await using server = await startServer()
    server.provider.enqueue([{ status: 401, body: { error: { message: 'Wrong key.' } } }])
    server.provider.enqueue('It works.')
    await using opened = await browser.open({ url: server.segue.url, entry })
    const { page } = opened

    await send(page, 'Hello')
    await page.getByRole('alert').waitFor()
    await page.getByRole('button', { name: 'Again' }).click()
    await answer(page, 'It works.')
  })

  test('reload, and switch between the answers', async () => {
    await using server = await startServer()
    for (const text of ['Red.', 'Blue.', 'Square.']) server.provider.enqueue(text)
    await using opened = await browser.open({ url: server.segue.url, entry })
    const { page, errors } = opened
    const picker = page.getByRole('group', { name: 'Answer' })

    await send(page, 'A colour?')
    await answer(page, 'Red.')
    await page.getByRole('button', { name: 'Again' }).click()
    await answer(page, 'Blue.')
    await picker.getByText('2/2').waitFor()
    await picker.getByRole('button', { name: 'Previous' }).click()
    await answer(page, 'Red.')
    await picker.getByText('1/2').waitFor()
    expect(await shown(page)).toEqual(['A colour?', 'Red.'])

    await send(page, 'A shape?')
    await answer(page, 'Square.')
    expect(await shown(page)).toEqual(['A colour?', 'Red.', 'A shape?', 'Square.'])
    await picker.getByRole('button', { name: 'Next' }).click()
    await answer(page, 'Blue.')
    await page.getByText('A shape?').waitFor({ state: 'detached' })

    expect(await shown(page)).toEqual(['A colour?', 'Blue.'])
    expect(await page.getByTestId('thread').count()).toBe(1)
    expect(errors).toEqual([])
  })

  test('edit, and switch between the messages', async () => {
    await using server = await startServer()
    for (const text of ['Red.', 'Round.']) server.provider.enqueue(text)
    await using opened = await browser.open({ url: server.segue.url, entry })
    const { page, errors } = opened
    const picker = page.getByRole('group', { name: 'Prompt' })

    await send(page, 'A colour?')
    await answer(page, 'Red.')
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Edited message').fill('A shape?')
    await page.getByRole('button', { name: 'Save' }).click()
    await answer(page, 'Round.')
    expect(await shown(page)).toEqual(['A shape?', 'Round.'])
    await picker.getByText('2/2').waitFor()
    await picker.getByRole('button', { name: 'Previous' }).click()
    await answer(page, 'Red.')

    expect(await shown(page)).toEqual(['A colour?', 'Red.'])
    expect(errors).toEqual([])
  })

  test('the list of threads is live, and leads to other chats', async () => {
    await using server = await startServer()
    server.provider.defaultAnswer = ({ body }) => `Answer to ${JSON.stringify(body.messages.at(-1)?.content)}`
    await using opened = await browser.open({ url: server.segue.url, entry })
    const { page, errors } = opened
    const threads = page.getByTestId('thread')

    await send(page, 'First chat')
    await answer(page, 'Answer to')
    await threads.getByText('First chat').waitFor()
    await page.getByRole('button', { name: 'New chat' }).click()
    await page.getByTestId('user').waitFor({ state: 'detached' })
    await send(page, 'Second chat')
    await answer(page, 'Answer to')
    await server.client.start({ text: 'From elsewhere' })
    await threads.getByText('From elsewhere').waitFor()

    await threads.getByText('First chat').click()
    await page.getByTestId('user').getByText('First chat').waitFor()
    expect(await shown(page)).toEqual(['First chat', expect.stringContaining('Answer to')])
    await page.getByLabel('Archive Second chat').click()
    await threads.getByText('Second chat').waitFor({ state: 'detached' })
    await page.getByLabel('Delete First chat').click()
    await threads.getByText('First chat').waitFor({ state: 'detached' })
    await page.getByTestId('user').waitFor({ state: 'detached' })
    expect(await threads.allInnerTexts()).toEqual([expect.stringContaining('From elsewhere')])
    expect(errors).toEqual([])
  })

  test('older messages are read page by page', async () => {
    await using server = await startServer()
    const first = await server.client.start({ text: 'Message 0' })
    await server.newReader(first.id).readToEnd()
    for (let index = 1; index < 30; index += 1) {
      const { id } = await server.client.start({ text: `Message ${index}`, sessionId: first.session.id })
      await server.newReader(id).readToEnd()
    }
    await using opened = await browser.open({ url: server.segue.url, entry, hash: first.session.id })
    const { page, errors } = opened

    await page.getByTestId('user').getByText('Message 29').waitFor()
    expect(await page.getByTestId('user').count()).toBe(25)
    await page.getByRole('button', { name: 'Earlier' }).click()
    await page.getByTestId('user').getByText('Message 0', { exact: true }).waitFor()

    expect(await page.getByTestId('user').count()).toBe(30)
    expect(await page.getByRole('button', { name: 'Earlier' }).count()).toBe(0)
    expect(errors).toEqual([])
  })

  test('approvals are given with a reason, and questions answered', async () => {
    const tool = newTool()
    await using segue = await startTestSegue({
      settings: { allowedOrigins: [browser.getOrigin()] },
      createToolSource: () => newToolSource(tool),
    })
    await using opened = await browser.open({ url: segue.url, entry })
    const { page, errors } = opened

    await send(page, '/tool files__write {}')
    await page.getByText('Run files__write').waitFor()
    await page.getByRole('button', { name: 'Allow once' }).click()
    await answer(page, 'Because.')
    expect(tool.runs).toEqual([{}])
    await send(page, '/ask Which one?')
    await page.getByText('Which one?', { exact: true }).waitFor()
    await page.getByLabel('Answer').fill('The green one.')
    await page.getByRole('button', { name: 'Reply' }).click()
    await answer(page, 'The green one.')

    expect(errors).toEqual([])
  })

  test('what is sent while an answer runs joins it, can be taken back, and comes back to the composer with a stop', async () => {
    await using server = await startServer()
    const held = Promise.withResolvers<void>()
    server.provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { text: ' done.' }, { finish: 'stop' }])
    server.provider.enqueue([{ text: ' And more.' }, { wait: new Promise(() => {}) }])
    await using opened = await browser.open({ url: server.segue.url, entry })
    const { page, errors } = opened
    const steer = async (text: string): Promise<void> => {
      await page.getByLabel('Message', { exact: true }).fill(text)
      await page.getByLabel('Message', { exact: true }).press('Enter')
      await page.getByTestId('waiting').getByText(text, { exact: true }).waitFor()
    }

    await send(page, 'Begin.')
    await answer(page, 'Half', 'running')
    await steer('In short.')
    await steer('No, at length.')
    await page.getByLabel('Take back No, at length.').click()
    await page.getByTestId('waiting').getByText('No, at length.').waitFor({ state: 'detached' })
    held.resolve()
    await answer(page, 'And more.', 'running')
    expect(await shown(page)).toEqual(['Begin.', 'In short.', 'Half done.', expect.stringContaining('And more.')])

    await steer('Wait.')
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('Wait.')
    expect(errors).toEqual([])
  })

  test('messages that wait for their turn are shown, taken back and sent now', async () => {
    await using server = await startServer()
    server.provider.enqueue([{ text: 'On and on' }, { wait: new Promise(() => {}) }])
    server.provider.enqueue('At once.')
    const { session } = await server.client.start({ text: 'One' })
    for (const text of ['Two', 'Three']) await server.client.start({ sessionId: session.id, text, ifBusy: 'QUEUE' })
    await using opened = await browser.open({ url: server.segue.url, entry, hash: session.id })
    const { page, errors } = opened
    const waiting = page.getByTestId('waiting').locator('span')

    await expect.poll(() => waiting.allInnerTexts()).toEqual(['Two', 'Three'])
    await page.getByLabel('Take back Two').click()
    await expect.poll(() => waiting.allInnerTexts()).toEqual(['Three'])
    await page.getByLabel('Run Three now').click()
    await answer(page, 'At once.')
    expect(await waiting.count()).toBe(0)
    expect(errors).toEqual([])
  })
})

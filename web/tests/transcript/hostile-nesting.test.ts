import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { lastAnswer, openScriptedApp, send } from '../support/scripted-app.ts'

const toDeepList = (depth: number): string =>
  Array.from({ length: depth }, (_, level) => `${'  '.repeat(level)}- item ${level}`).join('\n')

describeApp('Markdown that is nested without end', (browser) => {
  test.each([
    ['quotes', '>'.repeat(3000), ' the end'],
    ['markers', '- '.repeat(3000), 'the end'],
    ['lists', toDeepList(300), '\n\nthe end'],
    ['emphasis', '*'.repeat(10_000) + 'a' + '*'.repeat(10_000), '\n\nthe end'],
  ])('is shown as it is written, and the page stays: %s', async (_, text, end) => {
    await using app = await openScriptedApp(browser, { scripts: [[{ text }, { text: end }, { finish: 'stop' }]] })
    await send(app.page, 'Attack')
    await lastAnswer(app.page).getByText('the end').waitFor()
    await app.page.getByRole('button', { name: 'Answer again' }).waitFor()
    await app.page.getByRole('navigation', { name: 'Chats' }).waitFor()
  })

  test('never makes the page wider, also on a phone', async () => {
    const text = `${toDeepList(60)}\n\n${'> '.repeat(30)}deep\n\nthe end`
    await using app = await openScriptedApp(browser, {
      scripts: [[{ text }, { finish: 'stop' }]],
      context: { viewport: { width: 360, height: 700 } },
    })
    await send(app.page, 'Attack')
    await lastAnswer(app.page).getByText('the end').waitFor()
    await lastAnswer(app.page).getByText('item 59').waitFor()
    const conversation = app.page.getByRole('region', { name: 'Conversation' })
    expect(await conversation.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0)
  })
})

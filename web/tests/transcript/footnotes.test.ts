import { expect, test } from 'vitest'
import { newLatch } from '../../../tests/support/fixtures/chats/agent-chats.ts'
import type { ProviderStep } from '../../../tests/support/providers/strict-provider.ts'
import { describeApp } from '../support/describe-app.ts'
import { countRenderings, watchRenderings } from '../support/count-renderings.ts'
import { lastAnswer, openScriptedApp, send } from '../support/scripted-app.ts'

const finish: ProviderStep = { finish: 'stop' }

describeApp('Footnotes of an answer', (browser) => {
  test('are shown while they arrive, and numbered once the answer has ended', async () => {
    const end = newLatch()
    const text =
      'One[^b], two[^a], three[^b].\n\n[^a]: Note of **two**\n[^b]: Note of one\n\n    goes on\n\n[^c]: Other'
    await using app = await openScriptedApp(browser, { scripts: [[{ text }, { wait: end.opened }, finish]] })
    const { page } = app
    await send(page, 'Write')
    const notes = lastAnswer(page).getByRole('note')
    await notes.filter({ hasText: 'Other' }).waitFor()
    expect(await notes.allTextContents()).toEqual(['a.Note of two', 'b.Note of onegoes on', 'c.Other'])
    end.open()
    const references = lastAnswer(page).locator('sup')
    await references.first().waitFor()
    expect(await references.allTextContents()).toEqual(['1', '2', '1'])
    expect((await notes.allTextContents()).map((note) => note.charAt(0))).toEqual(['2', '1', '3'])
    expect(await notes.locator('strong').textContent()).toBe('two')
  })

  test('are reached from the text, and lead back to it, in the same answer', async () => {
    const toAnswer = (name: string): ProviderStep[] => [
      { text: `${name}[^1].\n\n${'Some words.\n\n'.repeat(80)}[^1]: Note of ${name}` },
      finish,
    ]
    await using app = await openScriptedApp(browser, { scripts: [toAnswer('one'), toAnswer('two')] })
    const { page } = app
    for (const question of ['First', 'Second']) {
      await send(page, question)
      await page.getByRole('button', { name: 'Send', exact: true }).waitFor()
    }
    const reference = lastAnswer(page).getByRole('button', { name: 'Note 1', exact: true })
    await reference.click()
    const note = page.getByRole('note').filter({ hasText: 'Note of two' })
    await expect.poll(() => note.evaluate((element) => element === document.activeElement)).toBe(true)
    await note.getByRole('button', { name: 'Back to the text of note 1' }).click()
    await expect.poll(() => reference.evaluate((element) => element === document.activeElement)).toBe(true)
  })

  test('of a long answer are rendered with its end step by step', async () => {
    const end = newLatch()
    const count = 200
    const text = Array.from({ length: count }, (_, index) => `Words of ${index}[^${index}].\n\n`).join('')
    const notes = Array.from({ length: count }, (_, index) => `[^${index}]: A note of ${index}\n`).join('')
    await using app = await openScriptedApp(browser, {
      scripts: [[{ text: text + notes }, { text: '\nReady' }, { wait: end.opened }, finish]],
    })
    const { page } = app
    await watchRenderings(page)
    await send(page, 'Write')
    await lastAnswer(page).getByText('Ready').waitFor()
    const before = await countRenderings(page)
    end.open()
    await expect.poll(() => lastAnswer(page).locator('sup').count()).toBe(count)
    const after = await countRenderings(page)
    // Each block that has a mark once more, but not all in one task.
    expect(after.blocks - before.blocks).toBeLessThanOrEqual(count + 16)
    expect(after.commits - before.commits).toBeGreaterThanOrEqual(count / 16)
  })
})

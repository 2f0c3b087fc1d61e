import { setTimeout as pause } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { newLatch } from '../../../tests/support/fixtures/chats/agent-chats.ts'
import type { ProviderStep } from '../../../tests/support/providers/strict-provider.ts'
import { describeApp } from '../support/describe-app.ts'
import { countRenderings, watchRenderings } from '../support/count-renderings.ts'
import { lastAnswer, openScriptedApp, send } from '../support/scripted-app.ts'

const section = `## A heading

Some words of a paragraph with **bold** and \`code\`, long enough to go on over more than one line of the column.

- one point
- another point

\`\`\`ts
export const value: number = 42
\`\`\`

`
const deltas = 100

/** An answer of so many characters, then a hundred deltas that each change what is shown, then the end. */
function newAnswer(length: number) {
  const measured = newLatch()
  const end = newLatch()
  async function* steps(): AsyncGenerator<ProviderStep> {
    yield { text: section.repeat(Math.ceil(length / section.length)) }
    yield { text: 'Ready' }
    await measured.opened
    for (let count = 1; count <= deltas; count += 1) {
      // One by one, so that each is rendered.
      await pause(4)
      yield { text: ` **word${count}**${count % 20 === 0 ? '\n\n' : ''}` }
    }
    yield { text: 'Measured' }
    await end.opened
    yield { finish: 'stop' }
  }
  return { steps: steps(), measure: () => measured.open(), end: () => end.open() }
}

async function measure(page: Page, answer: ReturnType<typeof newAnswer>) {
  await lastAnswer(page).getByText('Ready').waitFor()
  const before = await countRenderings(page)
  answer.measure()
  await lastAnswer(page).getByText('Measured').waitFor()
  const after = await countRenderings(page)
  answer.end()
  await page.getByRole('button', { name: 'Send', exact: true }).waitFor()
  return {
    commits: after.commits - before.commits,
    blocks: after.blocks - before.blocks,
    components: after.components - before.components,
    addedElements: after.addedElements - before.addedElements,
    elements: await page.locator('*').count(),
  }
}

describeApp('The work of 100 deltas', (browser) => {
  test('does not grow with the length of the answer', { timeout: 120_000 }, async () => {
    const short = newAnswer(2000)
    const long = newAnswer(100_000)
    await using app = await openScriptedApp(browser, { scripts: [short.steps, long.steps] })
    const { page } = app
    await watchRenderings(page)
    await send(page, 'A short answer')
    const few = await measure(page, short)
    await send(page, 'A long answer')
    const many = await measure(page, long)
    expect(few.commits).toBeGreaterThan(0)
    // How many deltas come at once differs from run to run.
    expect(many.commits).toBeLessThanOrEqual(deltas * 1.5)
    expect(many.blocks / many.commits).toBeLessThanOrEqual(2)
    expect(many.components / many.commits).toBeLessThanOrEqual(2 * (few.components / few.commits) + 5)
    expect(many.addedElements).toBeLessThanOrEqual(few.addedElements * 1.5)
  })
})

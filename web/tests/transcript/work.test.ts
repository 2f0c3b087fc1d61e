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

/** An answer that begins with `start`, then a hundred deltas that each change what is shown, then the end. */
function newAnswer(start: string, toDelta: (count: number) => string) {
  const measured = newLatch()
  const end = newLatch()
  async function* steps(): AsyncGenerator<ProviderStep> {
    yield { text: start }
    yield { text: 'Ready' }
    await measured.opened
    for (let count = 1; count <= deltas; count += 1) {
      // One by one, so that each is rendered.
      await pause(4)
      yield { text: toDelta(count) }
    }
    yield { text: 'Measured' }
    await end.opened
    yield { finish: 'stop' }
  }
  return { steps: steps(), measure: () => measured.open(), end: () => end.open() }
}

interface Subject {
  readonly name: string
  /** The beginning of an answer of which so many lines are streamed in. */
  readonly start: (lines: number) => string
  readonly toDelta: (count: number) => string
}

const subjects: readonly Subject[] = [
  {
    name: 'a text of many blocks',
    start: (lines) => section.repeat(Math.ceil(lines / 10)),
    toDelta: (count) => ` **word${count}**${count % 20 === 0 ? '\n\n' : ''}`,
  },
  {
    name: 'a table',
    start: (lines) => `| a | b | c | d |\n|---|---|---|---|\n${'| some | words | of a | row |\n'.repeat(lines)}| `,
    toDelta: (count) => (count % 4 === 0 ? ` word${count} |\n|` : ` word${count} |`),
  },
  {
    name: 'a list',
    start: (lines) => `${'- some **words** of an item\n'.repeat(lines)}- `,
    toDelta: (count) => (count % 8 === 0 ? `word${count}\n- ` : ` **word${count}**`),
  },
  {
    name: 'a paragraph',
    start: (lines) => 'some **words** of a paragraph, and `others`, without an end '.repeat(lines),
    toDelta: (count) => ` **word${count}**`,
  },
  {
    name: 'footnotes',
    start: (lines) =>
      `Some words[^1].\n\n${Array.from({ length: lines }, (_, index) => `[^${index}]: words of a note\n`).join('')}[^a]: `,
    toDelta: (count) => (count % 8 === 0 ? ` word${count}\n[^a${count}]: ` : ` **word${count}**`),
  },
  {
    name: 'code',
    start: (lines) => `\`\`\`ts\n${'const value: number = 42\n'.repeat(lines)}// `,
    toDelta: (count) => (count % 8 === 0 ? ` word${count}\n// ` : ` word${count}`),
  },
]

async function measure(page: Page, answer: ReturnType<typeof newAnswer>) {
  await lastAnswer(page).getByText('Ready').waitFor()
  await waitUntilRendered(page)
  const before = await countRenderings(page)
  answer.measure()
  await lastAnswer(page).getByText('Measured').waitFor()
  const after = await countRenderings(page)
  answer.end()
  await page.getByRole('button', { name: 'Send', exact: true }).waitFor()
  return {
    commits: after.commits - before.commits,
    blocks: after.blocks - before.blocks,
    sources: after.sources - before.sources,
    components: after.components - before.components,
    addedElements: after.addedElements - before.addedElements,
    elements: await page.locator('*').count(),
  }
}

/** What came at once is rendered step by step. */
async function waitUntilRendered(page: Page): Promise<void> {
  let last = -1
  await expect
    .poll(
      async () => {
        const { addedElements } = await countRenderings(page)
        const isSame = addedElements === last
        last = addedElements
        return isSame
      },
      { interval: 300, timeout: 30_000 },
    )
    .toBe(true)
}

describeApp('The work of 100 deltas', (browser) => {
  test.each(subjects)('does not grow with the length of $name', { timeout: 120_000 }, async ({ start, toDelta }) => {
    const short = newAnswer(start(20), toDelta)
    const long = newAnswer(start(2000), toDelta)
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
    expect(many.sources / many.commits).toBeLessThanOrEqual(2)
    expect(many.components / many.commits).toBeLessThanOrEqual(2 * (few.components / few.commits) + 5)
    expect(many.addedElements).toBeLessThanOrEqual(few.addedElements * 1.5 + 50)
  })
})

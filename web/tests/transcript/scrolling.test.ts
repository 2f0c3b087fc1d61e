import { setTimeout as pause } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { createSegueClient } from '../../../client/src/index.ts'
import type { ProviderStep } from '../../../tests/support/providers/strict-provider.ts'
import { describeApp } from '../support/describe-app.ts'
import { lastAnswer, openScriptedApp, send } from '../support/scripted-app.ts'

const paragraph = 'Some words of a paragraph that is long enough to go on over more than one line of the column. '
const code = '```ts\nexport const value: number = 42\n```\n\n'

interface AnswerParts {
  readonly start: string
  readonly toDelta: (count: number) => string
}

const textAndCode: AnswerParts = {
  start: Array.from({ length: 120 }, (_, index) => `${index}. ${paragraph}\n\n${code}`).join(''),
  toDelta: (count) => (count % 40 === 0 ? `\n\n${code}` : `word${count} `),
}
const cells = (index: number): string => `${index} | ${paragraph.slice(0, 10 + ((index * 7) % 80))}`
const table: AnswerParts = {
  start: `| a | b |\n|---|---|\n${Array.from({ length: 300 }, (_, index) => `| ${cells(index)} |\n`).join('')}`,
  toDelta: (count) => `| word${count} ${cells(count)} |\n`,
}
const list: AnswerParts = {
  start: Array.from({ length: 300 }, (_, index) => `- ${paragraph.repeat(index % 4)} ${index}\n`).join(''),
  toDelta: (count) => `- word${count} ${paragraph.repeat(count % 3)}\n`,
}

/** An answer of many screens that goes on with a hundred deltas a second until it is ended. */
function newEndlessAnswer({ start, toDelta } = textAndCode) {
  const leave = new AbortController()
  let count = 0
  async function* steps(): AsyncGenerator<ProviderStep> {
    yield { text: start }
    while (!leave.signal.aborted) {
      await pause(10)
      count += 1
      yield { text: toDelta(count) }
    }
    yield { text: '\n\nThe end.' }
    yield { finish: 'stop' }
  }
  return { steps: steps(), end: () => leave.abort() }
}

/** Scrolls to random places, and returns by how many pixels what is read there has moved while the answer went on. */
function scrollAtRandom(page: Page, scrolls: number) {
  return page.evaluate(async (count) => {
    const area = document.querySelector('[aria-label=Conversation]')
    if (!area) throw new Error('There is no transcript.')
    const { left, top, width } = area.getBoundingClientRect()
    const nextFrame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
    const firstHeight = area.scrollHeight
    let moved = 0
    for (let index = 0; index < count; index += 1) {
      area.scrollTop = Math.random() * (area.scrollHeight - area.clientHeight - 100)
      const read = document.elementFromPoint(left + width / 2, top + 50)
      const before = read?.getBoundingClientRect().top ?? 0
      await nextFrame()
      const after = read?.isConnected ? read.getBoundingClientRect().top : Infinity
      moved = Math.max(moved, Math.abs(after - before))
    }
    return { moved, grown: area.scrollHeight - firstHeight }
  }, scrolls)
}

/** Once what has come is shown. */
function distanceFromEnd(page: Page): Promise<number> {
  return page.getByRole('region', { name: 'Conversation' }).evaluate(async (area) => {
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
    return Math.round(area.scrollHeight - area.scrollTop - area.clientHeight)
  })
}

describeApp('The scroll position of a chat', (browser) => {
  test(
    '1,000 random scrolls while an answer streams move the reader by 0 pixels',
    { timeout: 120_000, retry: 0 },
    async () => {
      const answer = newEndlessAnswer()
      await using app = await openScriptedApp(browser, { scripts: [answer.steps] })
      await send(app.page, 'Write')
      await lastAnswer(app.page).getByText('word10 ').waitFor()
      const { moved, grown } = await scrollAtRandom(app.page, 1000)
      answer.end()
      expect(moved).toBe(0)
      expect(grown).toBeGreaterThan(500)
    },
  )

  test.each([
    ['table', table],
    ['list', list],
  ])(
    '300 random scrolls while a long %s streams move the reader by 0 pixels',
    { timeout: 60_000, retry: 0 },
    async (_, parts) => {
      const answer = newEndlessAnswer(parts)
      await using app = await openScriptedApp(browser, { scripts: [answer.steps] })
      await send(app.page, 'Write')
      await lastAnswer(app.page).getByText('word10 ').waitFor()
      const { moved, grown } = await scrollAtRandom(app.page, 300)
      answer.end()
      expect(moved).toBe(0)
      expect(grown).toBeGreaterThan(500)
    },
  )

  test('stays at the end until the wheel turns up, and again after the button to the newest', async () => {
    const answer = newEndlessAnswer()
    await using app = await openScriptedApp(browser, { scripts: [answer.steps] })
    const { page } = app
    await send(page, 'Write')
    await lastAnswer(page).getByText('word20 ').waitFor()
    await expect.poll(() => distanceFromEnd(page)).toBe(0)
    await page.mouse.move(700, 300)
    await page.mouse.wheel(0, -30)
    await page.getByRole('button', { name: 'Go to the newest message' }).waitFor()
    const top = await page.getByRole('region', { name: 'Conversation' }).evaluate(({ scrollTop }) => scrollTop)
    await lastAnswer(page).getByText('word60 ').waitFor()
    expect(await page.getByRole('region', { name: 'Conversation' }).evaluate(({ scrollTop }) => scrollTop)).toBe(top)
    await page.getByRole('button', { name: 'Go to the newest message' }).click()
    answer.end()
    await lastAnswer(page).getByText('The end.').waitFor()
    await expect.poll(() => distanceFromEnd(page)).toBe(0)
    expect(await page.getByRole('button', { name: 'Go to the newest message' }).count()).toBe(0)
  })

  test('is kept while the message field grows', async () => {
    await using app = await openScriptedApp(browser, {
      scripts: [[{ text: `${paragraph}\n\n`.repeat(60) }, { finish: 'stop' }]],
    })
    const { page } = app
    await send(page, 'Write')
    await page.getByRole('button', { name: 'Copy message' }).last().waitFor()
    await page.getByRole('textbox', { name: 'Message' }).fill('line\n'.repeat(6))
    await expect.poll(() => distanceFromEnd(page)).toBe(0)
    const area = page.getByRole('region', { name: 'Conversation' })
    await area.evaluate((element) => (element.scrollTop = 500))
    await page.getByRole('button', { name: 'Go to the newest message' }).waitFor()
    await page.getByRole('textbox', { name: 'Message' }).fill('')
    await page.getByRole('textbox', { name: 'Message' }).fill('line\n'.repeat(3))
    expect(await area.evaluate(({ scrollTop }) => scrollTop)).toBe(500)
  })
})

/** A chat with so many questions and answers, in a server of its own. */
async function makeLongChat(url: string, turns: number): Promise<string> {
  const client = createSegueClient({ url })
  const { id } = await client.createSession()
  for (let turn = 1; turn <= turns; turn += 1) {
    for await (const event of client.chat({ sessionId: id, text: `Question ${turn}` })) {
      if (event.type === 'StreamFinished') break
    }
  }
  client.close()
  return id
}

describeApp('A long chat', (browser) => {
  test(
    'loads earlier messages when they are scrolled to, without a jump, and keeps few elements',
    { timeout: 120_000 },
    async () => {
      await using app = await openScriptedApp(browser)
      const { page, segue, provider } = app
      let answers = 0
      provider.defaultAnswer = () => `Answer ${(answers += 1)}.\n\n${paragraph.repeat(1 + (answers % 7))}\n\n${code}`
      const id = await makeLongChat(segue.url, 110)
      await page.goto(`${segue.url}/chat/${id}`)
      await page.getByText('Answer 110.').waitFor()
      await expect.poll(() => distanceFromEnd(page)).toBe(0)
      const { jumps, mostElements } = await page.evaluate(async () => {
        const area = document.querySelector('[aria-label=Conversation]')
        if (!area) throw new Error('There is no transcript.')
        const { left, top, width } = area.getBoundingClientRect()
        const nextFrame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
        let largestJump = 0
        let most = 0
        for (let still = 0; still < 30; still += area.scrollTop === 0 ? 1 : 0) {
          area.scrollTop -= 400
          await nextFrame()
          const read = document.elementFromPoint(left + width / 2, top + 300)?.closest('article *')
          const before = read?.getBoundingClientRect().top ?? 0
          await nextFrame()
          if (read?.isConnected)
            largestJump = Math.max(largestJump, Math.abs(read.getBoundingClientRect().top - before))
          most = Math.max(most, area.querySelectorAll('*').length)
        }
        return { jumps: largestJump, mostElements: most }
      })
      await page.getByRole('article').getByText('Question 1', { exact: true }).waitFor()
      // Heights of texts have fractions, and places of scrolled areas have none.
      expect(jumps).toBeLessThan(1)
      expect(mostElements).toBeLessThan(3500)
    },
  )
})

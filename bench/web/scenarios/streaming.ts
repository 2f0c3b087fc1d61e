import { setTimeout as delay } from 'node:timers/promises'
import { start } from '../../../tests/support/server/post.ts'
import { percentile } from '../../support/figures.ts'
import { streamNextAnswer } from '../answer-stream.ts'
import { writeAnswer } from '../answer-text.ts'
import type { BenchServers } from '../bench-servers.ts'
import { type MeasuredPage, type Measurement, openMeasuredPage, settlingMs } from '../measured-page.ts'
import type { Figures, Scenario } from '../scenario.ts'

const charactersPerToken = 4
const afterLastDeltaMs = 1000

function toFigures({ frames, longTasks, elements }: Measurement): Figures {
  const lastAt = frames.at(-1)?.at ?? 0
  const edge = lastAt / 10
  const timesWhere = (isIn: (at: number) => boolean): number[] =>
    frames.filter(({ at }) => isIn(at)).map(({ ms }) => ms)
  return {
    'tasks over 50 ms': longTasks.length,
    'longest task': Math.max(0, ...longTasks.map(({ ms }) => ms)),
    'frame, 95th percentile, first tenth': percentile(
      timesWhere((at) => at < edge),
      0.95,
    ),
    'frame, 95th percentile, last tenth': percentile(
      timesWhere((at) => at > lastAt - edge),
      0.95,
    ),
    'frames over 50 ms': frames.filter(({ ms }) => ms > 50).length,
    elements,
  }
}

const figures: Scenario['figures'] = [
  { name: 'tasks over 50 ms', unit: 'tasks', summary: 'maximum', aim: 0 },
  { name: 'longest task', unit: 'ms', summary: 'maximum' },
  { name: 'frame, 95th percentile, first tenth', unit: 'ms', summary: 'median' },
  { name: 'frame, 95th percentile, last tenth', unit: 'ms', summary: 'median', aim: 34 },
  { name: 'frames over 50 ms', unit: 'frames', summary: 'median' },
  { name: 'elements', unit: 'elements', summary: 'median' },
]

async function measureAnswer(
  { provider }: BenchServers,
  { begin, end }: MeasuredPage,
  answer: { readonly text: string; readonly seconds: number },
  send: () => Promise<unknown>,
): Promise<Figures> {
  // What the page loads when it has nothing else to do.
  await delay(settlingMs)
  const said = streamNextAnswer(provider, answer.text, answer.seconds)
  await begin()
  await send()
  await said
  await delay(afterLastDeltaMs)
  return toFigures(await end())
}

function defineStreaming(name: string, title: string, toLength: (seconds: number) => number): Scenario {
  return {
    name,
    title,
    figures,
    async measureApp(servers, { seconds }) {
      await using opened = await openMeasuredPage(servers.browser, { url: servers.appUrl })
      await opened.whenShown('textarea', 'nav [data-chat]')
      const text = writeAnswer(toLength(seconds))
      return await measureAnswer(servers, opened, { text, seconds }, async () => {
        await opened.page.locator('textarea').fill('Tell me about the mill')
        await opened.page.keyboard.press('Enter')
      })
    },
    // The same answer streams, but the page does not show it: what the machine alone does.
    async measureEmptyPage(servers, { seconds }) {
      await using opened = await openMeasuredPage(servers.browser, { url: servers.emptyUrl })
      await opened.whenShown('textarea', 'ul')
      const text = writeAnswer(toLength(seconds))
      return await measureAnswer(servers, opened, { text, seconds }, () =>
        start(servers.appUrl, { text: 'Tell me about the mill' }),
      )
    },
  }
}

export const streamScenario = defineStreaming(
  'stream',
  'An answer streams in, 100 tokens a second',
  (seconds) => seconds * 100 * charactersPerToken,
)

export const longAnswerScenario = defineStreaming(
  'long-answer',
  'An answer of 100,000 characters streams in',
  () => 100_000,
)

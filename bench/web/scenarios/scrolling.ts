import { setTimeout as delay } from 'node:timers/promises'
import type { BenchServers } from '../bench-servers.ts'
import { openMeasuredPage, settlingMs } from '../measured-page.ts'
import type { Figures, Scenario } from '../scenario.ts'

interface ScrolledPage {
  readonly url: string
  /** What must be shown before it is scrolled. */
  readonly selectors: readonly string[]
  readonly scroller: string
  /** In each frame. */
  readonly pixels: number
}

const framesToScroll = 300

async function measureScrolling({ browser }: BenchServers, page: ScrolledPage): Promise<Figures> {
  await using opened = await openMeasuredPage(browser, { url: page.url })
  const shownMs = await opened.whenShown(...page.selectors)
  await delay(settlingMs)
  await opened.begin()
  const elements = await opened.scroll(page.scroller, page.pixels, framesToScroll)
  const { frames, longTasks } = await opened.end()
  return {
    shown: shownMs,
    'frames over 50 ms': frames.filter(({ ms }) => ms > 50).length,
    'longest frame': Math.max(0, ...frames.map(({ ms }) => ms)),
    'tasks over 50 ms': longTasks.length,
    'most elements': elements,
  }
}

const figures: Scenario['figures'] = [
  { name: 'shown', unit: 'ms', summary: 'median' },
  { name: 'frames over 50 ms', unit: 'frames', summary: 'median', aim: 0 },
  { name: 'longest frame', unit: 'ms', summary: 'median' },
  { name: 'tasks over 50 ms', unit: 'tasks', summary: 'median', aim: 0 },
  { name: 'most elements', unit: 'elements', summary: 'maximum', aim: 5000 },
]

const measureEmptyPage: Scenario['measureEmptyPage'] = (servers) =>
  measureScrolling(servers, { url: servers.emptyUrl, selectors: ['textarea', 'ul'], scroller: 'html', pixels: 1 })

export const longChatScenario: Scenario = {
  name: 'long-chat',
  title: 'A chat of 2,000 messages opens and is scrolled up, 300 pixels a frame',
  figures,
  measureApp: (servers) =>
    measureScrolling(servers, {
      url: servers.appUrl + servers.longChatPath,
      selectors: ['article[data-role] p'],
      scroller: '[data-scroller]',
      pixels: -300,
    }),
  measureEmptyPage,
}

export const longListScenario: Scenario = {
  name: 'long-list',
  title: 'A list of 100,000 chats is scrolled down, 600 pixels a frame',
  figures,
  measureApp: (servers) =>
    measureScrolling(servers, {
      url: servers.appUrl,
      selectors: ['nav [data-chat]'],
      scroller: 'nav [class*="scroller"]',
      pixels: 600,
    }),
  measureEmptyPage,
}

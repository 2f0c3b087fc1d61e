import { setTimeout as delay } from 'node:timers/promises'
import type { BenchServers } from '../bench-servers.ts'
import { openMeasuredPage, settlingMs } from '../measured-page.ts'
import type { Figures, Scenario } from '../scenario.ts'

const slowdown = 4

async function measureStart({ browser }: BenchServers, url: string, selectors: readonly string[]): Promise<Figures> {
  await using opened = await openMeasuredPage(browser, { url, slowdown })
  const interactiveMs = await opened.whenShown(...selectors)
  // Whatever comes later, and moves what is there.
  await delay(settlingMs)
  const { firstPaint, layoutShift, requests, longTasks } = await opened.end()
  return {
    'first paint': firstPaint,
    interactive: interactiveMs,
    'longest task': Math.max(0, ...longTasks.map(({ ms }) => ms)),
    'layout shift': layoutShift,
    requests,
  }
}

const figures: Scenario['figures'] = [
  { name: 'first paint', unit: 'ms', summary: 'median' },
  { name: 'interactive', unit: 'ms', summary: 'median', aim: 1000 },
  { name: 'longest task', unit: 'ms', summary: 'median' },
  { name: 'layout shift', unit: 'shift', summary: 'maximum', aim: 0.05 },
  { name: 'requests', unit: 'requests', summary: 'median' },
]

const composer = 'textarea'
const firstRow = 'nav [data-chat]'

export const startScenario: Scenario = {
  name: 'start',
  title: `Start, 4× slower processor: the composer takes input and the first chats are listed`,
  figures,
  measureApp: (servers) => measureStart(servers, servers.appUrl, [composer, firstRow]),
  measureEmptyPage: (servers) => measureStart(servers, servers.emptyUrl, [composer, 'ul']),
}

export const startInChatScenario: Scenario = {
  name: 'start-in-chat',
  title: `Start in a chat of 2,000 messages, 4× slower processor: also the newest message is shown`,
  figures,
  measureApp: (servers) =>
    measureStart(servers, servers.appUrl + servers.longChatPath, [composer, firstRow, 'article[data-role] p']),
  measureEmptyPage: (servers) => measureStart(servers, servers.emptyUrl, [composer, 'ul']),
}

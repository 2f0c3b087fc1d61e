import { SeededRandom } from '../../../tests/chaos/seeded-random.ts'
import { type ChatEvent, type ChatMessage, computeMessageDigest, SegueError } from '../../src/index.ts'
import { ToolCallApprover } from './approve-tool-call.ts'
import { ChatPage } from './chat-page.ts'

export interface Schedule {
  readonly seed: number
  readonly transport: 'ws' | 'sse'
  /** Of a proxy that breaks connections. */
  readonly url: string
}

/** What the people at the pages do with the answer. */
const behaviours = ['read', 'read', 'reload', 'reload', 'start twice', 'watch twice', 'cancel'] as const

/** What a page has received of an answer. */
export interface ReceivedAnswer {
  readonly events: readonly ChatEvent[]
  readonly message: ChatMessage | null
  readonly digest: string
}

export interface ScheduleReport {
  readonly behaviour: (typeof behaviours)[number]
  /** By one page, or by two. */
  readonly received: readonly ReceivedAnswer[]
  /** What `cancel` returned; null if it was not called, or nothing was produced. */
  readonly cancelled: ChatMessage | null
}

/** The message of a schedule, by which a provider can tell what to answer. */
export function toScheduleText(seed: number): string {
  return `schedule ${seed}`
}

/** Chats through a proxy that breaks connections, in Node or in a browser. */
export async function runSchedule({ seed, transport, url }: Schedule): Promise<ScheduleReport> {
  const random = new SeededRandom(seed)
  const behaviour = random.pick(behaviours)
  const options = { url, transport, reconnect: { minDelayMs: 5, maxDelayMs: 50, idleTimeoutMs: 2000 } }
  const input = { text: toScheduleText(seed), key: `key of ${seed}` }
  if (behaviour === 'start twice') await startAndLeave(new ChatPage(options), input, random)

  await using _ = new ToolCallApprover(options, seed)
  const page = new ChatPage(options)
  const chat = page.client.chat(input)
  let cancelled: ChatMessage | null = null
  await page.read(chat, behaviour === 'reload' || behaviour === 'cancel' ? random.between(1, 12) : Infinity)
  if (behaviour === 'cancel') cancelled = await cancel(page, `stop ${seed}`)
  const watcher = behaviour === 'watch twice' ? new ChatPage(options) : null
  await watcher?.read(watcher.client.follow(page.streamId))
  while (!page.hasEnded) {
    if (behaviour === 'reload') page.reload()
    await page.read(page.follow(), behaviour === 'reload' && random.chance(0.7) ? random.between(1, 12) : Infinity)
  }
  const pages = [page, ...(watcher ? [watcher] : [])]
  for (const { client } of pages) client.close()
  return { behaviour, received: await Promise.all(pages.map(toReceivedAnswer)), cancelled }
}

/** Starts the answer in a page that is closed before, or soon after, it hears of it. */
async function startAndLeave(
  page: ChatPage,
  input: { readonly text: string; readonly key: string },
  random: SeededRandom,
): Promise<void> {
  const count = random.between(0, 3)
  const events = page.client.chat(input)
  if (count > 0) await page.read(events, count)
  else void events.next()
  page.client.close()
}

/** Presses the button again where the connection is lost for too long. */
async function cancel(page: ChatPage, key: string): Promise<ChatMessage | null> {
  for (;;) {
    try {
      return (await page.client.cancel(page.streamId, { key })).message
    } catch (error) {
      if (!(error instanceof SegueError) || error.code !== 'CONNECTION_LOST') throw error
    }
  }
}

async function toReceivedAnswer({ events, message }: ChatPage): Promise<ReceivedAnswer> {
  return { events, message, digest: await computeMessageDigest(message ?? { parts: [] }) }
}

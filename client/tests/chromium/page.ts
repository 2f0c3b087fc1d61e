// What the page of the tests in Chromium has.
import { type ChatEvent, createSegueClient, type SegueClientOptions } from '../../src/index.ts'
import { runSchedule } from '../schedules/run-schedule.ts'

/** A chat that goes on in the page while the test does something else. */
interface PageChat {
  readonly events: ChatEvent[]
  lossCount: number
  readonly end: Promise<void>
}

function startChat(options: SegueClientOptions, text: string): PageChat {
  const client = createSegueClient({ ...options, onConnectionLost: () => (chat.lossCount += 1) })
  const events: ChatEvent[] = []
  const read = async (): Promise<void> => {
    for await (const event of client.chat({ text })) events.push(event)
  }
  const chat = { events, lossCount: 0, end: read() }
  return chat
}

const pageFunctions = { runSchedule, startChat }

declare global {
  // Of the page, not of the tests.
  var segue: typeof pageFunctions
  var chat: PageChat
}

globalThis.segue = pageFunctions

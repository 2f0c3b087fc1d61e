// Stops an answer, and prints what was received of it and what was saved: node chat.js <url>
import { createSegueClient } from 'segue-client'

const client = createSegueClient({ url: process.argv[2] ?? '' })
const typesOfLastEvents = []
let streamId = ''

async function* watch(events) {
  for await (const event of events) {
    if (event.type === 'StreamStarted') streamId = event.streamId
    if (event.type === 'StreamFinished') typesOfLastEvents.push(event.type)
    yield event
  }
}

const getText = (message) => message.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')

let received = ''
let result = null
for await (const message of client.message(watch(client.chat({ text: 'Who are you? Tell me all about yourself.' })))) {
  received = message === null ? '' : getText(message)
  if (received !== '') result ??= client.cancel(streamId)
}
const { outcome, message: saved } = await result
process.stdout.write(`${JSON.stringify({ outcome, typesOfLastEvents, received, saved: getText(saved) })}\n`)
client.close()

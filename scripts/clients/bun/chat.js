// Lists, chats and cancels in Bun, with its own fetch and WebSocket.
import { readFileSync } from 'node:fs'
import { createClient } from 'graphql-ws'

const url = process.env.SEGUE_URL
const query = readFileSync('chat.graphql', 'utf8')
const socket = createClient({ url: url.replace('http', 'ws'), shouldRetry: () => true, retryAttempts: Infinity })

async function send(operationName, variables) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, operationName, variables }),
  })
  const { data, errors } = await response.json()
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}

/** Reads an answer to its end. If it is to be stopped, cancels it after its first words and returns the outcome. */
async function chat(text, isStopped) {
  let [received, saved, outcome] = ['', '', '']
  const operation = { query, operationName: 'Chat', variables: { input: { text } } }
  for await (const { data, errors } of socket.iterate(operation)) {
    if (errors) throw new Error(JSON.stringify(errors))
    const event = data.streamChat
    if (event.__typename === 'StreamFinished') saved = event.message.text
    if (event.__typename !== 'TextDelta') continue
    received = received.slice(0, event.offset) + event.text + received.slice(event.offset + event.text.length)
    if (isStopped && !outcome) outcome = (await send('StopStream', { streamId: event.streamId })).cancelStream.outcome
  }
  return { texts: [received, saved], outcome }
}

const conversations = (await send('ListConversations', {})).conversations.edges.map(({ node }) => node)
const whole = await chat('Hello', false)
const partial = await chat('Who are you? Tell me all about yourself.', true)

// Null keeps the value.
const garden = conversations.find(({ title }) => title === 'Garden')
const updated = await send('PinConversation', { id: garden.id, input: { pinned: true, title: null } })

const titles = conversations.map(({ title }) => title)
const { title } = updated.updateConversation
console.log(JSON.stringify({ titles, whole: whole.texts, outcome: partial.outcome, partial: partial.texts, title }))
await socket.dispose()

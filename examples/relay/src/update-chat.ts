import type { RecordProxy, RecordSourceProxy } from 'relay-runtime'
import type { chatEventsSubscription$data } from './__generated__/chatEventsSubscription.graphql.ts'

type ChatEvent = chatEventsSubscription$data['followSession']

/** Keeps the messages of a session in the store. An event that comes again, after a lost connection, changes nothing. */
export function updateChat(store: RecordSourceProxy, sessionId: string, event: ChatEvent): void {
  if (event.__typename === 'StreamStarted') addMessage(store, sessionId, event.userMessage.id)
  if (event.__typename === 'StreamFinished' && event.message) addMessage(store, sessionId, event.message.id)
  if (event.__typename !== 'TextDelta') return
  const { messageId, partIndex, offset, text } = event
  const part = findPart(store, addMessage(store, sessionId, messageId), partIndex)
  const before = String(part.getValue('text') ?? '')
  part.setValue(before.slice(0, offset) + text + before.slice(offset + text.length), 'text')
}

/** Adds a message to the list, if it is not there, and returns it. */
function addMessage(store: RecordSourceProxy, sessionId: string, id: string): RecordProxy {
  const message = store.get(id) ?? store.create(id, 'Message').setValue(id, 'id').setLinkedRecords([], 'parts')
  const transcript = store.get(sessionId)?.getLinkedRecord('transcript', { last: 50 })
  const edges = transcript?.getLinkedRecords('edges') ?? []
  if (edges.some((edge) => edge?.getLinkedRecord('node')?.getDataID() === id)) return message
  const edge = store.create(`client:edge:${id}`, 'MessageEdge').setLinkedRecord(message, 'node')
  transcript?.setLinkedRecords([...edges, edge], 'edges')
  return message
}

function findPart(store: RecordSourceProxy, message: RecordProxy, index: number): RecordProxy {
  const parts = message.getLinkedRecords('parts') ?? []
  const known = parts.find((part) => part?.getValue('index') === index)
  if (known) return known
  const part = store.create(`client:part:${message.getDataID()}:${index}`, 'TextPart').setValue(index, 'index')
  message.setLinkedRecords([...parts, part], 'parts')
  return part
}

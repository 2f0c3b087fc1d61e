import type { RecordProxy, RecordSourceProxy } from 'relay-runtime'
import { foldTextDelta } from 'segue-client/graphql'
import type { chatEventsSubscription$data } from './__generated__/chatEventsSubscription.graphql.ts'

type ChatEvent = chatEventsSubscription$data['followSession']

/** Keeps the messages of a session in the store. An event that comes again, after a lost connection, changes nothing. */
export function updateChat(store: RecordSourceProxy, sessionId: string, event: ChatEvent): void {
  if (event.__typename === 'StreamStarted') addMessage(store, sessionId, event.userMessage.id)
  if (event.__typename === 'StreamFinished' && event.message) addMessage(store, sessionId, event.message.id)
  if (event.__typename !== 'TextDelta') return
  const message = addMessage(store, sessionId, event.messageId)
  const records = message.getLinkedRecords('parts') ?? []
  const parts = records.map((record, index) => ({
    __typename: record.getType(),
    index,
    text: String(record.getValue('text') ?? ''),
  }))
  const changed = foldTextDelta(parts, event).map((part, index) => {
    const record = records[index] ?? store.create(`client:part:${event.messageId}:${index}`, part.__typename)
    return part === parts[index] ? record : record.setValue(index, 'index').setValue(part.text, 'text')
  })
  message.setLinkedRecords(changed, 'parts')
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

import { setTimeout as pause } from 'node:timers/promises'
import { Client, fetchExchange, type OperationResult, subscriptionExchange } from '@urql/core'
import { cacheExchange, type SerializedEntries, type StorageAdapter } from '@urql/exchange-graphcache'
import { introspectionFromSchema } from 'graphql'
import { createDocuments, requireDocument, schema } from '../documents/documents.ts'
import { listEmbeddedTypeNames } from '../documents/select-everything.ts'
import type { CacheClientFactory, CacheRecord, CacheRecords, ResultData } from '../support/cache-client.ts'
import { applyConversationChange, isConversationList, isConversationsChanged } from '../support/conversation-change.ts'
import { createTransport } from '../support/transport.ts'

const documents = createDocuments()

/** One page: Graphcache keeps each page of a list by itself. */
const listPageSize = 1000

/** @urql/core with Graphcache. */
export const createUrqlClient: CacheClientFactory = ({ url, protocol }) => {
  const transport = createTransport(url, protocol)
  const storage = new RecordingStorage()
  const cache = cacheExchange({
    // With the schema, Graphcache knows which fields may be null and which types an interface has.
    schema: introspectionFromSchema(schema),
    // Objects without id stay within the entity that holds them.
    keys: Object.fromEntries(listEmbeddedTypeNames(schema).map((name) => [name, () => null])),
    updates: {
      Subscription: {
        conversationsChanged: (data, _, store) => {
          if (!isConversationsChanged(data)) return
          store.updateQuery(
            {
              query: requireDocument(documents, 'ConversationListQuery'),
              variables: { first: listPageSize, after: null },
            },
            (list) => {
              if (!isConversationList(list)) return list
              const edges = applyConversationChange(list.conversations.edges, data.conversationsChanged)
              return { ...list, conversations: { ...list.conversations, edges } }
            },
          )
        },
      },
    },
    storage,
  })
  const client = new Client({
    url: `${url}/graphql`,
    preferGetMethod: false,
    exchanges: [
      cache,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables = {}, operationName = '' }) => ({
          subscribe: (observer) => ({
            unsubscribe: transport.subscribe({ query, variables, operationName }, observer),
          }),
        }),
      }),
    ],
  })

  return {
    listPageSize,
    query: async (name, variables = {}) =>
      requireData(
        await client.query(requireDocument(documents, name), variables, { requestPolicy: 'network-only' }).toPromise(),
      ),
    mutate: async (name, variables) =>
      requireData(await client.mutation(requireDocument(documents, name), variables).toPromise()),
    subscribe: (name, variables, observer) => {
      const subscription = client.subscription(requireDocument(documents, name), variables).subscribe((result) => {
        if (result.error) observer.error(result.error)
        else if (result.data) observer.next(result.data)
      })
      return () => subscription.unsubscribe()
    },
    readRecords: () => storage.readRecords(),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  }
}

function requireData({ data, error }: OperationResult<ResultData>): ResultData {
  if (error) throw error
  return data ?? {}
}

/** Receives what the cache holds. */
class RecordingStorage implements StorageAdapter {
  /** By `<key of the record>.<key of the field>`, in which the dots of the first are `%2e`: a JSON text, or `:` and a link. */
  readonly #entries = new Map<string, string>()

  async readData(): Promise<SerializedEntries> {
    return {}
  }

  async writeData(delta: SerializedEntries): Promise<void> {
    for (const [key, value] of Object.entries(delta)) {
      if (value === undefined) this.#entries.delete(key)
      else this.#entries.set(key, value)
    }
  }

  async readRecords(): Promise<CacheRecords> {
    // Graphcache writes in a timer after each operation.
    await pause(0)
    const records = new Map<string, Map<string, string>>()
    for (const [key, value] of this.#entries) {
      const dot = key.indexOf('.')
      const recordKey = key.slice(0, dot).replaceAll('%2e', '.')
      const record = records.get(recordKey) ?? new Map<string, string>()
      records.set(recordKey, record.set(key.slice(dot + 1), value))
    }
    return toCacheRecords(records)
  }
}

/** By the key of the record and the key of the field. */
type SerializedRecords = ReadonlyMap<string, ReadonlyMap<string, string>>

function toCacheRecords(records: SerializedRecords): CacheRecords {
  const isEntity = (key: string): boolean => {
    const typename = records.get(key)?.get('__typename')
    const id = records.get(key)?.get('id')
    return typename !== undefined && id !== undefined && key === `${JSON.parse(typename)}:${JSON.parse(id)}`
  }
  const toLinkedValue = (link: unknown): unknown => {
    if (Array.isArray(link)) return link.map(toLinkedValue)
    if (typeof link !== 'string') return link
    return isEntity(link) ? { $entity: link } : toRecord(link)
  }
  const toRecord = (key: string): CacheRecord =>
    Object.fromEntries(
      [...(records.get(key) ?? [])].map(([field, value]) => [
        field,
        value.startsWith(':') ? toLinkedValue(JSON.parse(value.slice(1))) : JSON.parse(value),
      ]),
    )
  return {
    entities: new Map([...records.keys()].filter(isEntity).map((key) => [key, toRecord(key)])),
    query: toRecord('Query'),
  }
}

import { ApolloClient, ApolloLink, InMemoryCache, type TypePolicy } from '@apollo/client'
import { relayStylePagination } from '@apollo/client/utilities'
import { parse, print } from 'graphql'
import { Observable } from 'rxjs'
import { createDocuments, requireDocument, schema } from '../documents/documents.ts'
import { listEmbeddedTypeNames, listListFields, listPossibleTypes } from '../documents/select-everything.ts'
import type { CacheClientFactory, CacheRecord, DataObserver } from '../support/cache-client.ts'
import { applyConversationChange, isConversationsChanged, isConversationList } from '../support/conversation-change.ts'
import { createTransport, type GraphqlTransport } from '../support/transport.ts'

const documents = new Map([...createDocuments()].map(([name, text]) => [name, parse(text)]))

const listPageSize = 3

/** Apollo Client with InMemoryCache. */
export const createApolloClient: CacheClientFactory = ({ url, protocol }) => {
  const transport = createTransport(url, protocol)
  const cache = new InMemoryCache({
    // Inline fragments on the types of events and of parts of messages.
    possibleTypes: listPossibleTypes(schema),
    typePolicies: {
      // Documents may select different fields of an object without id: the newer ones must not replace the others.
      ...Object.fromEntries(listEmbeddedTypeNames(schema).map((name) => [name, { merge: true }])),
      // A list that has become shorter replaces the longer one.
      ...Object.fromEntries(
        [...listListFields(schema)].map(([name, fields]) => [name, { fields: replaceLists(fields) }]),
      ),
      // The pages of a list are one list.
      Query: { fields: { conversations: relayStylePagination() } },
    },
  })
  const client = new ApolloClient({ cache, link: createLink(transport) })

  const keepList = (data: unknown): void => {
    if (!isConversationsChanged(data)) return
    cache.updateQuery(
      { query: requireDocument(documents, 'ConversationListQuery'), variables: { first: listPageSize } },
      (list) => {
        if (!isConversationList(list)) return undefined
        const edges = applyConversationChange(list.conversations.edges, data.conversationsChanged)
        return { ...list, conversations: { ...list.conversations, edges } }
      },
    )
  }

  return {
    listPageSize,
    query: async (name, variables = {}) => {
      const query = requireDocument(documents, name)
      const { data } = await client.query<CacheRecord>({ query, variables, fetchPolicy: 'network-only' })
      return data ?? {}
    },
    mutate: async (name, variables) => {
      const { data } = await client.mutate<CacheRecord>({ mutation: requireDocument(documents, name), variables })
      return data ?? {}
    },
    subscribe: (name, variables, observer: DataObserver) => {
      const results = client.subscribe<CacheRecord>({ query: requireDocument(documents, name), variables })
      const subscription = results.subscribe({
        next: ({ data, error }) => {
          if (error) return observer.error(error)
          keepList(data)
          observer.next(data ?? {})
        },
        error: (error: unknown) => observer.error(error),
        complete: () => observer.complete(),
      })
      return () => subscription.unsubscribe()
    },
    readRecords: async () => {
      const { ROOT_QUERY = {}, ...records } = cache.extract()
      const entities = Object.entries(records).filter(([key]) => !/^(ROOT_|__META)/.test(key))
      return {
        entities: new Map(entities.map(([key, record]) => [key, toCacheRecord(record ?? {})])),
        query: toCacheRecord(ROOT_QUERY),
      }
    },
    [Symbol.asyncDispose]: async () => {
      client.stop()
      await transport[Symbol.asyncDispose]()
    },
  }
}

function replaceLists(fields: readonly string[]): NonNullable<TypePolicy['fields']> {
  return Object.fromEntries(fields.map((field) => [field, { merge: false }]))
}

function createLink(transport: GraphqlTransport): ApolloLink {
  return new ApolloLink(({ query, variables, operationName = '', operationType }) => {
    const operation = { operationName, query: print(query), variables }
    return new Observable((observer) => {
      if (operationType === 'subscription') return transport.subscribe(operation, observer)
      void transport.execute(operation).then(
        (result) => {
          observer.next(result)
          observer.complete()
        },
        (error: unknown) => observer.error(error),
      )
      return undefined
    })
  })
}

function toCacheRecord(record: object): CacheRecord {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, toCacheValue(value)]))
}

function toCacheValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toCacheValue)
  if (typeof value !== 'object' || value === null) return value
  return '__ref' in value ? { $entity: value['__ref'] } : toCacheRecord(value)
}

import {
  commitMutation,
  ConnectionHandler,
  createOperationDescriptor,
  Environment,
  fetchQuery,
  type GraphQLResponse,
  Network,
  Observable,
  type RecordProxy,
  type RecordSourceSelectorProxy,
  RecordSource,
  requestSubscription,
  ROOT_ID,
  Store,
} from 'relay-runtime'
import { requireDocument } from '../documents/documents.ts'
import type { CacheClientFactory, CacheRecord, CacheRecords } from '../support/cache-client.ts'
import {
  createTransport,
  type GraphqlOperation,
  type GraphqlResult,
  type GraphqlTransport,
} from '../support/transport.ts'
import type { RelayRequests } from './relay-artifacts.ts'

const listKey = 'ConversationList_conversations'

/** Relay's runtime, with the artifacts of its compiler. */
export function createRelayClientFactory(requests: RelayRequests): CacheClientFactory {
  return ({ url, protocol }) => {
    const transport = createTransport(url, protocol)
    const source = new RecordSource()
    const environment = new Environment({ network: createNetwork(transport), store: new Store(source) })
    return {
      listPageSize: 3,
      query: async (name, variables = {}) => {
        const request = requireDocument(requests, name)
        // What nobody retains may be collected.
        environment.retain(createOperationDescriptor(request, variables))
        const data = await fetchQuery(environment, request, variables, { fetchPolicy: 'network-only' }).toPromise()
        return toResultData(data)
      },
      mutate: async (name, variables) => {
        const { promise, resolve, reject } = Promise.withResolvers<CacheRecord>()
        const mutation = requireDocument(requests, name)
        commitMutation(environment, {
          mutation,
          variables,
          onCompleted: (data) => resolve(toResultData(data)),
          onError: reject,
        })
        return promise
      },
      subscribe: (name, variables, observer) => {
        const subscription = requireDocument(requests, name)
        environment.retain(createOperationDescriptor(subscription, variables))
        const { dispose } = requestSubscription(environment, {
          subscription,
          variables,
          ...(name === 'ConversationsChangedSubscription' && { updater: keepList }),
          onNext: (data) => observer.next(toResultData(data)),
          onError: (error) => observer.error(error),
          onCompleted: () => observer.complete(),
        })
        return dispose
      },
      readRecords: async () => toCacheRecords(source.toJSON()),
      [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
    }
  }
}

function createNetwork(transport: GraphqlTransport) {
  const toOperation = (name: string, text: string | null, variables: object): GraphqlOperation => ({
    operationName: name,
    query: text ?? '',
    variables: { ...variables },
  })
  return Network.create(
    async ({ name, text }, variables) => toResponse(await transport.execute(toOperation(name, text, variables))),
    ({ name, text }, variables) =>
      Observable.create<GraphQLResponse>((sink) =>
        transport.subscribe(toOperation(name, text, variables), {
          next: (result) => sink.next(toResponse(result)),
          error: (error) => sink.error(error instanceof Error ? error : new Error(JSON.stringify(error))),
          complete: () => sink.complete(),
        }),
      ),
  )
}

/** No operation of the page may have an error, also none that leaves data. */
function toResponse({ data, errors = [] }: GraphqlResult): GraphQLResponse {
  return data && errors.length === 0 ? { data } : { errors: [...errors] }
}

/** Inserts, moves or removes a row of the list: newest activity first. */
function keepList(store: RecordSourceSelectorProxy): void {
  const connection = ConnectionHandler.getConnection(store.getRoot(), listKey)
  const change = store.getRootField('conversationsChanged')
  const id = change?.getValue('conversationId')
  if (!connection || typeof id !== 'string') return
  const edges = connection.getLinkedRecords('edges') ?? []
  const isChanged = (edge: RecordProxy): boolean => edge.getLinkedRecord('node')?.getDataID() === id
  const others = edges.filter((edge) => !isChanged(edge))
  const node = change?.getLinkedRecord('conversation')
  if (!node) return void connection.setLinkedRecords(others, 'edges')
  const edge = edges.find(isChanged) ?? ConnectionHandler.createEdge(store, connection, node, 'ConversationEdge')
  const activity = (each: RecordProxy): string => String(each.getLinkedRecord('node')?.getValue('lastActivityAt'))
  const sorted = [...others, edge].sort((a, b) => activity(b).localeCompare(activity(a)))
  connection.setLinkedRecords(sorted, 'edges')
}

function toResultData(data: unknown): CacheRecord {
  return typeof data === 'object' && data !== null ? { ...data } : {}
}

type StoredRecords = Readonly<Record<string, Readonly<Record<string, unknown>>>>

function toCacheRecords(records: StoredRecords): CacheRecords {
  const isEntity = (id: string): boolean => !id.startsWith('client:')
  const keyOf = (id: string): string => `${String(records[id]?.['__typename'])}:${id}`
  const toLink = (id: unknown): unknown => {
    if (typeof id !== 'string') return null
    return isEntity(id) ? { $entity: keyOf(id) } : toRecord(id)
  }
  const toValue = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if ('__ref' in value) return toLink(value['__ref'])
    return '__refs' in value && Array.isArray(value['__refs']) ? value['__refs'].map(toLink) : value
  }
  const toRecord = (id: string): CacheRecord =>
    Object.fromEntries(
      Object.entries(records[id] ?? {})
        .filter(([key]) => key === '__typename' || !key.startsWith('__') || key.endsWith('_connection'))
        .map(([key, value]) => [key, toValue(value)]),
    )
  const root = Object.entries(toRecord(ROOT_ID))
  return {
    entities: new Map(
      Object.keys(records)
        .filter(isEntity)
        .map((id) => [keyOf(id), toRecord(id)]),
    ),
    // What the server sent of the list, beside the list that is kept up to date.
    query: Object.fromEntries(root.filter(([key]) => !key.startsWith('conversations('))),
  }
}

import { defaultLimits } from '../../src/config/limits.ts'

/** What is sent at the same time, again and again. */
export interface Attack {
  readonly name: string
  /** The bodies of the requests. With `isSocket`, messages that one WebSocket sends in one piece. */
  readonly createBodies: () => readonly string[]
  readonly isSocket?: true
  /** Default: JSON, sent to `/graphql`. */
  readonly contentType?: string
  readonly path?: string
  readonly accept?: string
}

const fragmentCount = 300
const fragments = Array.from(
  { length: fragmentCount },
  (_, index) => `fragment F${index} on Model { id name ${index < fragmentCount - 1 ? `...F${index + 1}` : ''} }`,
)

/** Leaves room for the rest of the request. */
const bodyBytes = defaultLimits.requestBytes - 1_000

const toBody = (query: string, variables: object = {}): string => JSON.stringify({ query, variables })

const toMessage = (id: number, payload: string): string => `{"type":"subscribe","id":"${id}","payload":${payload}}`

/** A valid request with a variable that nobody uses. */
const withVariable = (json: string): string => `{"query":"{ server { version } }","variables":{"x":${json}}}`

const repeat = (text: string, count: number, separator = ''): string => Array(count).fill(text).join(separator)

const toAliases = (count: number, field: string): string =>
  Array.from({ length: count }, (_, index) => `a${index}: ${field}`).join(' ')

/** What the limits allow and takes longest. `sessionId` has large messages and many events. */
export function listAttacks(sessionId: string, sessionIds: readonly string[]): readonly Attack[] {
  const session = `session(id: "${sessionId}")`
  return [...listOperations(session, sessionIds), ...listBodies(), ...listSubscriptionsAndMessages(session, sessionId)]
}

function listOperations(session: string, sessionIds: readonly string[]): readonly Attack[] {
  return [
    { name: 'dates of all jobs', createBodies: () => [toBody('{ jobs { nextRuns(first: 999) } }')] },
    {
      name: 'a document of many fragments',
      // A comment makes each document a new one for the cache.
      createBodies: () => [toBody(`#${Math.random()}\n{ models { ...F0 } } ${fragments.join(' ')}`)],
    },
    {
      name: 'introspection, three times',
      createBodies: () => [
        toBody(
          `{ ${toAliases(3, '__schema { types { name description fields { name description type { name } } } }')} }`,
        ),
      ],
    },
    {
      name: '50 aliases of a list of long messages',
      createBodies: () => [toBody(`{ ${session} { ${toAliases(50, 'messages(first: 30) { edges { cursor } }')} } }`)],
    },
    {
      name: 'contexts and messages of 1,000 sessions',
      createBodies: () => [
        toBody(
          '{ sessions(first: 1000) { edges { node { context { tokens } messages(first: 5) { edges { cursor } } } } } }',
        ),
      ],
    },
    {
      name: '1,000 sessions are changed',
      createBodies: () => [
        toBody('mutation ($ids: [ID!]!) { updateSessions(ids: $ids, input: { pinned: true }) { id } }', {
          ids: sessionIds,
        }),
      ],
    },
    {
      name: 'a batch of 300 mutations',
      createBodies: () => [
        `[${repeat(toBody(`mutation { ${toAliases(30, 'createSession(input: {}) { id }')} }`), 10, ',')}]`,
      ],
    },
    {
      name: 'a response of 30 MB',
      createBodies: () => [toBody(`{ ${session} { messages(last: 1000) { edges { node { text digest } } } } }`)],
    },
    {
      name: 'a model context of 30 MB',
      createBodies: () => [toBody(`{ ${session} { modelContext } }`)],
    },
  ]
}

function listBodies(): readonly Attack[] {
  return [
    {
      name: '1,000 aliases, refused',
      createBodies: () => [toBody(`{ server { ${repeat('v: version ', 1_000)} } }`)],
    },
    { name: 'a body of one text', createBodies: () => [withVariable(`"${repeat('\\n', bodyBytes / 2)}"`)] },
    {
      name: 'the same as a message',
      isSocket: true,
      createBodies: () => [toMessage(0, withVariable(`"${repeat('\\n', bodyBytes / 2)}"`))],
    },
    {
      name: 'an id of 16 MB, looked up 30 times',
      createBodies: () => [
        toBody(`query ($id: ID!) { ${toAliases(30, 'stream(id: $id) { id }')} }`, { id: repeat('x', bodyBytes) }),
      ],
    },
    { name: 'a body of 19,000 values', createBodies: () => [withVariable(`[${repeat('{}', 9_500, ',')}]`)] },
    {
      name: 'a body of 4 MB of short texts',
      createBodies: () => [withVariable(`[${repeat(`"${repeat('x', 200)}"`, 19_000, ',')}]`)],
    },
    {
      name: 'a body of millions of values, refused',
      createBodies: () => [withVariable(`[${repeat('{}', bodyBytes / 3, ',')}]`)],
    },
    {
      name: 'a form of 100,000 fields, refused',
      path: '/files',
      contentType: 'multipart/form-data; boundary=b',
      createBodies: () => [
        `${repeat('--b\r\ncontent-disposition: form-data; name="f"\r\n\r\nx\r\n', 100_000)}--b--\r\n`,
      ],
    },
  ]
}

function listSubscriptionsAndMessages(session: string, sessionId: string): readonly Attack[] {
  const followSession = toBody(`subscription { followSession(sessionId: "${sessionId}", after: 0) { __typename seq } }`)
  const messages = toBody(`{ ${session} { messages(last: 30) { edges { node { id } } } } }`)
  return [
    {
      name: '50 subscriptions from the start',
      accept: 'text/event-stream',
      createBodies: () => Array(50).fill(followSession),
    },
    {
      name: '100 subscriptions of one socket',
      isSocket: true,
      createBodies: () => Array.from({ length: 100 }, (_, index) => toMessage(index, followSession)),
    },
    {
      name: '100 queries of one socket',
      isSocket: true,
      createBodies: () => Array.from({ length: 100 }, (_, index) => toMessage(index, messages)),
    },
    { name: '20,000 pings of one socket', isSocket: true, createBodies: () => Array(20_000).fill('{"type":"ping"}') },
  ]
}

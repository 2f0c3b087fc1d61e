import { defaultLimits } from '../../src/config/limits.ts'

/** Requests that are sent at the same time, again and again. */
export interface Attack {
  readonly name: string
  /** The bodies of the requests. */
  readonly createBodies: () => readonly string[]
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

/** A valid request with a variable that nobody uses. */
const withVariable = (json: string): string => `{"query":"{ server { version } }","variables":{"x":${json}}}`

const repeat = (text: string, count: number, separator = ''): string => Array(count).fill(text).join(separator)

/** What the limits allow and takes longest. `sessionId` has large messages and many events. */
export function listAttacks(sessionId: string): readonly Attack[] {
  const session = `session(id: "${sessionId}")`
  return [
    { name: 'dates of all jobs', createBodies: () => [toBody('{ jobs { nextRuns(first: 999) } }')] },
    {
      name: 'a document of many fragments',
      // A comment makes each document a new one for the cache.
      createBodies: () => [toBody(`#${Math.random()}\n{ models { ...F0 } } ${fragments.join(' ')}`)],
    },
    {
      name: '50 aliases of a list',
      createBodies: () => {
        const aliases = Array.from({ length: 50 }, (_, index) => `a${index}: messages(first: 30) { edges { cursor } }`)
        return [toBody(`{ sessions(first: 50) { edges { node { ${aliases.join(' ')} } } } }`)]
      },
    },
    {
      name: '1,000 aliases, refused',
      createBodies: () => [toBody(`{ server { ${repeat('v: version ', 1_000)} } }`)],
    },
    { name: 'a body of one text', createBodies: () => [withVariable(`"${repeat('\\n', bodyBytes / 2)}"`)] },
    { name: 'a body of 19,000 values', createBodies: () => [withVariable(`[${repeat('{}', 9_500, ',')}]`)] },
    {
      name: 'a body of millions of values, refused',
      createBodies: () => [withVariable(`[${repeat('{}', bodyBytes / 3, ',')}]`)],
    },
    {
      name: 'a response of 30 MB',
      createBodies: () => [toBody(`{ ${session} { messages(last: 1000) { edges { node { text digest } } } } }`)],
    },
    {
      name: 'a model context of 30 MB',
      createBodies: () => [toBody(`{ ${session} { modelContext } }`)],
    },
    {
      name: '50 subscriptions from the start',
      accept: 'text/event-stream',
      createBodies: () => {
        const query = `subscription { followSession(sessionId: "${sessionId}", after: 0) { __typename seq } }`
        return Array.from({ length: 50 }, () => toBody(query))
      },
    },
  ]
}

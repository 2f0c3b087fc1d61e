import { cacheExchange, Client, fetchExchange, gql, type OperationResult } from '@urql/core'
import { persistedExchange } from '@urql/exchange-persisted'
import { CreateTitledSessionDocument, ListSessionsDocument, StreamTextDocument } from './__generated__/graphql.ts'
import { findDocumentId, type PersistingClient, type PersistingClientOptions } from './persisting-client.ts'

/** @urql/core with its exchange for persisted queries. Its subscriptions are server-sent events. */
export function createPersistingUrql({ url, mode, headers, fetch }: PersistingClientOptions): PersistingClient {
  const persisted = persistedExchange({
    preferGetForPersistedQueries: true,
    enableForMutation: true,
    // Over server-sent events, it would register a document twice, and so start two answers.
    enableForSubscriptions: mode === 'trusted',
    ...(mode === 'trusted' && {
      enforcePersistedQueries: true,
      generateHash: async (_: string, document: unknown) => findDocumentId(document),
    }),
  })
  const client = new Client({
    url: `${url}/graphql`,
    exchanges: [cacheExchange, persisted, fetchExchange],
    fetchOptions: { headers },
    fetch,
    fetchSubscriptions: true,
    preferGetMethod: false,
    requestPolicy: 'network-only',
  })
  return {
    list: async () => {
      const { sessions } = requireData(await client.query(ListSessionsDocument, { first: 10 }))
      return sessions.edges.map(({ node }) => node.title ?? '')
    },
    create: async (title) =>
      requireData(await client.mutation(CreateTitledSessionDocument, { title })).createSession?.title ?? '',
    readVersion: async () =>
      requireData<object>(
        await client.query(
          gql`
            {
              server {
                version
              }
            }
          `,
          {},
        ),
      ),
    chat: (text) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      let answer = ''
      client.subscription(StreamTextDocument, { text }).subscribe(({ data, error, hasNext }) => {
        if (error) return reject(error)
        if (data?.streamChat.__typename === 'TextDelta') answer += data.streamChat.text
        if (!hasNext) resolve(answer)
      })
      return promise
    },
  }
}

function requireData<T>({ data, error }: OperationResult<T>): T {
  if (error) throw error
  if (!data) throw new TypeError('The result has no data.')
  return data
}

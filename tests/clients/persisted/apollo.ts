import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { sha256Hex } from '../../../src/lib/text/sha256.ts'
import { CreateTitledSessionDocument, ListSessionsDocument } from './__generated__/graphql.ts'
import { findDocumentId, type PersistingClient, type PersistingClientOptions } from './persisting-client.ts'

/** Apollo Client with its link for persisted queries. Its subscriptions need another link. */
export function createPersistingApollo({ url, mode, headers, fetch }: PersistingClientOptions): PersistingClient {
  const generate = mode === 'automatic' ? { sha256: sha256Hex } : { generateHash: findDocumentId }
  const link = new PersistedQueryLink({ ...generate, useGETForHashedQueries: true })
  const http = new HttpLink({ uri: `${url}/graphql`, headers, fetch })
  const client = new ApolloClient({ cache: new InMemoryCache(), link: link.concat(http) })
  const fetchPolicy = 'network-only'
  return {
    list: async () => {
      const { data } = await client.query({ query: ListSessionsDocument, variables: { first: 10 }, fetchPolicy })
      return (data?.sessions.edges ?? []).map(({ node }) => node.title ?? '')
    },
    create: async (title) => {
      const { data } = await client.mutate({ mutation: CreateTitledSessionDocument, variables: { title } })
      return data?.createSession?.title ?? ''
    },
    readVersion: async () => {
      const query = gql`
        {
          server {
            version
          }
        }
      `
      return (await client.query({ query, fetchPolicy })).data
    },
    chat: null,
  }
}

import { initGraphQLTada, type TadaDocumentNode } from 'gql.tada'
import { print } from 'graphql'
import type { introspection } from './__generated__/graphql-env.d.ts'
import { OperationSender, type TypedOperation } from './operation-sender.ts'
import { receiveAnswer, type TypedClientFactory } from './typed-client.ts'

const graphql = initGraphQLTada<{
  introspection: introspection
  scalars: { DateTime: string; JSON: unknown; SafeInt: number }
}>()

const list = graphql(`
  query List {
    conversations(first: 20) {
      edges {
        node {
          title
          lastActivityAt
        }
      }
    }
  }
`)

const chat = graphql(`
  subscription Chat($input: StreamChatInput!) {
    streamChat(input: $input) {
      __typename
      ... on StreamStarted {
        stream {
          id
        }
      }
      ... on TextDelta {
        offset
        text
      }
      ... on StreamFinished {
        message {
          text
        }
        stream {
          usage {
            outputTokens
          }
        }
      }
    }
  }
`)

const cancel = graphql(`
  mutation Cancel($streamId: ID!) {
    cancelStream(streamId: $streamId) {
      outcome
    }
  }
`)

function createOperation<Data, Variables extends Readonly<Record<string, unknown>>>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
): TypedOperation<Data> {
  return { query: print(document), variables }
}

/** Lists, chats and cancels with gql.tada. */
export const createGqlTadaClient: TypedClientFactory = (url) => {
  const sender = new OperationSender(url)
  const readEvents = async function* (text: string) {
    for await (const { streamChat } of sender.subscribe(createOperation(chat, { input: { text } }))) yield streamChat
  }
  return {
    list: async () => {
      const { conversations } = await sender.execute(createOperation(list, {}))
      return conversations.edges.map(({ node }) => node)
    },
    chat: (text, onText) => receiveAnswer(readEvents(text), onText),
    cancel: async (streamId) => {
      const { cancelStream } = await sender.execute(createOperation(cancel, { streamId }))
      return cancelStream?.outcome ?? ''
    },
    [Symbol.asyncDispose]: () => sender[Symbol.asyncDispose](),
  }
}

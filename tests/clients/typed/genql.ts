import {
  createClient,
  generateSubscriptionOp,
  type SubscriptionGenqlSelection,
  type SubscriptionResult,
} from './__generated__/genql/index.ts'
import { OperationSender, type TypedOperation } from './operation-sender.ts'
import { receiveAnswer, type TypedClientFactory } from './typed-client.ts'

const createChat = (text: string) =>
  ({
    streamChat: {
      __args: { input: { text } },
      __typename: true,
      on_StreamStarted: { __typename: true, stream: { id: true } },
      on_TextDelta: { __typename: true, offset: true, text: true },
      on_StreamFinished: { __typename: true, message: { text: true }, stream: { usage: { outputTokens: true } } },
    },
  }) satisfies SubscriptionGenqlSelection

/** genql generates subscriptions, and leaves it to graphql-ws to send them. */
function createSubscription<Selection extends SubscriptionGenqlSelection>(
  selection: Selection,
): TypedOperation<SubscriptionResult<Selection>> {
  return generateSubscriptionOp(selection)
}

/** Lists, chats and cancels with genql. */
export const createGenqlClient: TypedClientFactory = (url) => {
  const client = createClient({ url })
  const sender = new OperationSender(url)
  const readEvents = async function* (text: string) {
    for await (const { streamChat } of sender.subscribe(createSubscription(createChat(text)))) yield streamChat
  }
  return {
    list: async () => {
      const node = { title: true, lastActivityAt: true }
      const { conversations } = await client.query({ conversations: { __args: { first: 20 }, edges: { node } } })
      return conversations.edges.map((edge) => edge.node)
    },
    chat: (text, onText) => receiveAnswer(readEvents(text), onText),
    cancel: async (streamId) => {
      const { cancelStream } = await client.mutation({ cancelStream: { __args: { streamId }, outcome: true } })
      return cancelStream?.outcome ?? ''
    },
    [Symbol.asyncDispose]: () => sender[Symbol.asyncDispose](),
  }
}

import { Chain, Subscription, ZeusScalars } from './__generated__/zeus/index.ts'
import { type AnswerEvent, receiveAnswer, type TypedClientFactory } from './typed-client.ts'

// Without a decoder, a scalar is unknown, and so is an id.
const scalars = ZeusScalars({
  ID: { decode: (value: unknown) => String(value) },
  DateTime: { decode: (value: unknown) => String(value) },
  SafeInt: { decode: (value: unknown) => Number(value) },
})

/** Lists, chats and cancels with Zeus. */
export const createZeusClient: TypedClientFactory = (url) => {
  const send = Chain(url)
  const subscribe = Subscription(url.replace('http', 'ws'))('subscription', { scalars })

  function startChat(text: string): ReadableStream<AnswerEvent> {
    const subscription = subscribe({
      streamChat: [
        { input: { text } },
        {
          __typename: true,
          '...on StreamStarted': { stream: { id: true } },
          '...on TextDelta': { offset: true, text: true },
          '...on StreamFinished': { message: { text: true }, stream: { usage: { outputTokens: true } } },
        },
      ],
    })
    return new ReadableStream({
      start: (controller) => {
        subscription.on(({ streamChat }) => controller.enqueue(streamChat))
        subscription.error((error) => controller.error(error))
        subscription.off(() => controller.close())
      },
      cancel: () => subscription.ws.close(),
    })
  }

  return {
    list: async () => {
      const node = { title: true, lastActivityAt: true } as const
      const { conversations } = await send('query', { scalars })({
        conversations: [{ first: 20 }, { edges: { node } }],
      })
      return conversations.edges.map(({ node: { title = null, lastActivityAt } }) => ({ title, lastActivityAt }))
    },
    chat: (text, onText) => receiveAnswer(startChat(text), onText),
    cancel: async (streamId) => {
      const { cancelStream } = await send('mutation')({ cancelStream: [{ streamId }, { outcome: true }] })
      return cancelStream?.outcome ?? ''
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

// What a page that uses the adapters would type.
import { AssistantRuntimeProvider, ThreadPrimitive } from '@assistant-ui/react'
import { createSegueClient } from 'segue-client'
import { useSegueRuntime } from 'segue-client/assistant-ui'
import { useSegueChat } from 'segue-client/ai-sdk'
import { SegueProvider, useChat, useConversations, usePendingDecisions } from 'segue-client/react'

const client = createSegueClient({ url: 'http://127.0.0.1:4000' })

function Chat({ sessionId }: { readonly sessionId: string | null }) {
  const { send, stop } = useChat(sessionId)
  const { messages, sendMessage } = useSegueChat({ client, id: 'new' })
  useConversations()
  usePendingDecisions()
  // @ts-expect-error -- The types are those of the package, not `any`.
  const notFunction: number = stop
  return (
    <button type="button" onClick={() => [send({ text: 'Hello' }), sendMessage({ text: 'Hello' }), notFunction]}>
      {messages.length}
    </button>
  )
}

function Assistant() {
  return (
    <AssistantRuntimeProvider runtime={useSegueRuntime({ client })}>
      <ThreadPrimitive.Root />
    </AssistantRuntimeProvider>
  )
}

export const page = (
  <SegueProvider client={client}>
    <Chat sessionId={null} />
    <Assistant />
  </SegueProvider>
)

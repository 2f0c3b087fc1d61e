// What a page that uses the adapters would type.
import { useChat as useBareChat } from '@ai-sdk/react'
import { AssistantRuntimeProvider, ThreadPrimitive } from '@assistant-ui/react'
import { createSegueClient } from 'segue-client'
import { useSegueRuntime } from 'segue-client/assistant-ui'
import { hasAnsweredApprovals, SegueChatTransport, type SegueUIMessage, useSegueChat } from 'segue-client/ai-sdk'
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

const transport = new SegueChatTransport({ client })

function BareChat({ id, messages }: { readonly id: string; readonly messages: SegueUIMessage[] }) {
  const chat = useBareChat({ id, transport, messages, resume: true, sendAutomaticallyWhen: hasAnsweredApprovals })
  return <button onClick={() => void transport.cancel(id)}>Stop the answer to {chat.messages.length} messages</button>
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
    <BareChat id="new" messages={[]} />
  </SegueProvider>
)

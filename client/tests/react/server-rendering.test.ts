import { createElement, type ReactNode } from 'react'
import { renderToString } from 'react-dom/server'
import { AssistantRuntimeProvider, ThreadPrimitive } from '@assistant-ui/react'
import { expect, test, vi } from 'vitest'
import { useSegueChat } from '../../src/ai-sdk/index.ts'
import { useSegueRuntime } from '../../src/assistant-ui/index.ts'
import { createSegueClient, type SegueClient } from '../../src/index.ts'
import {
  preloadConversations,
  SegueProvider,
  useChat,
  useConversations,
  useLiveChat,
  usePendingDecisions,
} from '../../src/react/index.ts'
import { waitLimitMs } from '../../../tests/support/vitest-limits.ts'

/** A client that notes what it sends. */
function createRecordingClient(): { readonly client: SegueClient; readonly sent: string[] } {
  const sent: string[] = []
  const client = createSegueClient({
    url: 'http://127.0.0.1:1',
    transport: 'sse',
    fetch: async (input) => {
      sent.push(String(input))
      throw new TypeError('Nothing may be sent.')
    },
  })
  return { client, sent }
}

function render(client: SegueClient, Page: () => ReactNode): string {
  return renderToString(createElement(SegueProvider, { client }, createElement(Page)))
}

test('what is rendered on a server sends nothing, and shows that it loads', () => {
  const { client, sent } = createRecordingClient()

  const html = render(client, () => {
    const chat = useChat('ses_1')
    const title = useChat('ses_1', (state) => state.title)
    const list = useConversations({ archived: false })
    const decisions = usePendingDecisions()
    return createElement(
      'p',
      null,
      JSON.stringify([chat.isLoading, chat.messages, title, list.isLoading, list.conversations, decisions.isLoading]),
    )
  })

  expect(html).toBe('<p>[true,[],null,true,[],true]</p>')
  expect(sent).toEqual([])
})

test('components that ask for the same chat or list share it, others and those with another client do not', () => {
  const ask = (client: SegueClient, id: string) => {
    const seen: unknown[] = []
    const Part = (): null => {
      const list = useConversations({ channels: [], profile: id })
      seen.push([useLiveChat(id), list.conversations, usePendingDecisions({ profile: id }).approvals])
      return null
    }
    render(client, () => [createElement(Part, { key: 1 }), createElement(Part, { key: 2 })])
    return seen
  }
  const { client } = createRecordingClient()
  const isSame = (a: unknown, b: unknown): boolean[] =>
    Array.isArray(a) && Array.isArray(b) ? a.map((value, index) => value === b[index]) : []

  const [first, second] = ask(client, 'one')
  expect(isSame(first, second)).toEqual([true, true, true])
  expect(isSame(first, ask(client, 'two')[0])).toEqual([false, false, false])
  expect(isSame(first, ask(createRecordingClient().client, 'one')[0])).toEqual([false, false, false])
})

test('a new chat is empty, and does not load', () => {
  const { client } = createRecordingClient()
  const html = render(client, () => {
    const { isLoading, messages, sessionId } = useChat(null)
    return JSON.stringify([isLoading, messages, sessionId])
  })
  expect(html).toBe('[false,[],null]')
})

test('a selection of a list is what the selector makes of it', () => {
  const { client, sent } = createRecordingClient()
  const html = render(client, () => {
    const count = useConversations({ archived: false }, ({ conversations }) => conversations.length)
    const isLoading = usePendingDecisions({}, (decisions) => decisions.isLoading)
    return JSON.stringify([count, isLoading])
  })
  expect(html).toBe('[0,true]')
  expect(sent).toEqual([])
})

test('a list without a filter to ask for is empty, and does not load', () => {
  const { client, sent } = createRecordingClient()
  const html = render(client, () => {
    const { conversations, isLoading, hasMore } = useConversations(null)
    return JSON.stringify([conversations, isLoading, hasMore])
  })
  expect(html).toBe('[[],false,false]')
  expect(sent).toEqual([])
})

test('a list that is read before a component shows it has its rows in the first rendering', async () => {
  const page = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } }
  const client = createSegueClient({
    url: 'http://127.0.0.1:1',
    transport: 'sse',
    fetch: async (_url, init) => {
      if (String(init?.body).includes('subscription')) return new Promise(() => {})
      return Response.json({ data: { conversations: page } })
    },
  })
  const show = (): string =>
    render(client, () => {
      const { isLoading, conversations } = useConversations({ profile: 'one' })
      return JSON.stringify([isLoading, conversations])
    })
  const stop = preloadConversations(client, { profile: 'one' })
  await vi.waitFor(() => expect(show()).toBe('[false,[]]'), { timeout: waitLimitMs })
  stop()
  client.close()
})

test('a hook without a provider says what is missing', () => {
  const Page = (): ReactNode => String(useChat(null))
  expect(() => renderToString(createElement(Page))).toThrow('Render the component within <SegueProvider')
})

test('the hooks of the other adapters render on a server as well, and send nothing', () => {
  const { client, sent } = createRecordingClient()

  const html = render(client, () => {
    const { messages, status, isLoading } = useSegueChat({ client, id: 'my-chat' })
    const runtime = useSegueRuntime({ client, sessionId: 'ses_1' })
    const thread = createElement(
      ThreadPrimitive.Root,
      null,
      createElement(ThreadPrimitive.Messages, { children: () => null }),
    )
    return [
      JSON.stringify([messages, status, isLoading]),
      createElement(AssistantRuntimeProvider, { runtime, key: 'thread' }, thread),
    ]
  })

  expect(html).toMatch(/^\[\[\],(?:&quot;|")ready(?:&quot;|"),true\]<div/)
  expect(sent).toEqual([])
})

import { expect, test } from 'vitest'
import { defaultLimits } from '../../src/config/limits.ts'
import { startTestSegue } from '../../tests/support/server/segue.ts'
import { ShownChat } from './support/shown-chat.ts'

test.each(['ws', 'sse'] as const)(
  'a page of 1,000 messages is within the limits that servers have by default, over %s',
  async (transport) => {
    await using segue = await startTestSegue({ settings: { limits: defaultLimits } })
    using first = new ShownChat(segue.url, { transport })
    await first.chat.send({ text: 'I am happy today.' })
    await first.until(({ messages }) => messages.at(-1)?.status === 'COMPLETE')
    using again = new ShownChat(segue.url, { transport, sessionId: first.state.sessionId, pageSize: 1000 })
    await again.until(({ isLoading, error }) => !isLoading || error !== null)
    expect(again.state.error).toBeNull()
    expect(again.state.messages).toHaveLength(2)
  },
)

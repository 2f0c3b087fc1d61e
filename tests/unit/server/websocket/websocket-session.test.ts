import { getEventListeners } from 'node:events'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { defaultLimits } from '../../../../src/config/limits.ts'
import { AccessTokens } from '../../../../src/server/auth/access-tokens.ts'
import { Authenticator } from '../../../../src/server/auth/authenticator.ts'
import { CallerLimits } from '../../../../src/server/auth/caller-limits.ts'
import { WebSocketSession } from '../../../../src/server/websocket/websocket-session.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'

async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  // What is weak lives until the current task has ended.
  await yieldToEventLoop()
  runInNewContext('gc')()
  await yieldToEventLoop()
}

test('A socket that has closed is not held by its caller, however long it was open', async () => {
  const tokens = new AccessTokens([], false)
  const limits = new CallerLimits(() => defaultLimits)
  const authenticator = new Authenticator({ tokens, methods: [], limits, trustProxy: false })
  const caller = tokens.localCaller
  const sessions: WebSocketSession[] = []
  for (let count = 0; count < 10; count += 1) {
    const session = new WebSocketSession({
      authenticator,
      handshake: new IncomingMessage(new Socket()),
      caller,
      close: () => undefined,
      trySend: () => false,
    })
    expect(await session.authenticate(undefined)).toBe(true)
    sessions.push(session)
  }
  expect(getEventListeners(caller.revoked, 'abort')).toHaveLength(10)
  await collectGarbage()
  for (const session of sessions) session.end()
  expect(getEventListeners(caller.revoked, 'abort')).toEqual([])
})

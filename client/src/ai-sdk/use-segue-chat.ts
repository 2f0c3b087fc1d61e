import { useChat, type UseChatHelpers } from '@ai-sdk/react'
import type { ChatInit } from 'ai'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { SegueClient } from '../segue-client.ts'
import { SegueChatTransport, type SteeringMessage } from './segue-chat-transport.ts'
import type { SegueUIMessage } from './ui-message/segue-ui-message.ts'
import { hasAnsweredApprovals, isAwaitingApproval } from './tool-approvals.ts'

export interface UseSegueChatOptions extends Omit<ChatInit<SegueUIMessage>, 'transport' | 'id'> {
  readonly client: SegueClient
  /** See `SegueChatTransport`: a session's id, or a text that the page keeps, in its address for example. */
  readonly id: string
  /** Default: `default`. */
  readonly profile?: string
  /** The system prompt of a new chat. Default: that of the profile. */
  readonly instructions?: string
  /** How often the messages are shown anew at most, in milliseconds. Default: with each chunk. */
  readonly throttle?: number
}

export interface UseSegueChatResult extends UseChatHelpers<SegueUIMessage>, Pick<SegueClient, 'answerClarification'> {
  /** The messages of the chat were not read yet. */
  readonly isLoading: boolean
  /**
   * Sends a message that joins the answer that is being made, as a part `steering-message`. If that has ended, it has an answer
   * of its own. Rejects with what the server refuses.
   */
  readonly steer: (message: SteeringMessage) => Promise<void>
}

/**
 * The AI SDK's `useChat` with Segue: it shows what was said before and goes on with an answer that is being made, also after
 * a reload; `stop()` stops the answer on the server; approvals are sent when all are given, and those that are answered
 * elsewhere are shown. As in the SDK, `stop()` does not reject: why it failed is the `error`.
 */
export function useSegueChat(options: UseSegueChatOptions): UseSegueChatResult {
  const { client, id, profile, instructions, ...init } = options
  const transport = useMemo(
    () =>
      new SegueChatTransport({
        client,
        ...(profile !== undefined && { profile }),
        ...(instructions !== undefined && { instructions }),
      }),
    [client, profile, instructions],
  )
  const chat = useChat<SegueUIMessage>({ sendAutomaticallyWhen: hasAnsweredApprovals, ...init, id, transport })
  const { isLoading, error: historyError, reload } = useHistory(transport, chat)
  const steer = useSteering(transport, chat, reload)
  useDecisionsElsewhere(transport, chat)
  const { stop, error: stopError } = useStop(transport, chat)
  const answerClarification = useCallback<SegueClient['answerClarification']>(
    (...answer) => client.answerClarification(...answer),
    [client],
  )
  return { ...chat, id, stop, steer, isLoading, error: chat.error ?? stopError ?? historyError, answerClarification }
}

/** Stops the answer on the server. `error` is why that failed, until the next try, or the next answer. */
function useStop(
  transport: SegueChatTransport,
  { id, status, stop: leave, setMessages }: UseChatHelpers<SegueUIMessage>,
): { readonly stop: () => Promise<void>; readonly error: Error | undefined } {
  const [failure, setFailure] = useState<{ readonly id: string; readonly error: Error } | null>(null)
  useEffect(() => {
    if (status === 'submitted') setFailure(null)
  }, [status])
  const stop = useCallback(async () => {
    setFailure(null)
    try {
      const saved = await transport.cancel(id).finally(leave)
      // Its last words may not have arrived here.
      if (saved) setMessages((shown) => shown.map((message) => (message.id === saved.id ? saved : message)))
    } catch (error) {
      setFailure({ id, error: toError(error) })
    }
  }, [transport, id, leave, setMessages])
  return { stop, error: failure?.id === id ? failure.error : undefined }
}

/** Shows the messages of a chat when it is opened, and goes on with the answer that is being made. */
function useHistory(
  transport: SegueChatTransport,
  chat: UseChatHelpers<SegueUIMessage>,
): { readonly isLoading: boolean; readonly error: Error | undefined; readonly reload: () => void } {
  const { id, status, setMessages, resumeStream } = chat
  const [round, setRound] = useState(0)
  const reload = useCallback(() => setRound((last) => last + 1), [])
  const [read, setRead] = useState<{ readonly id: string; readonly error?: Error } | null>(null)
  const latestStatus = useRef(status)
  useEffect(() => {
    latestStatus.current = status
  }, [status])
  useEffect(() => {
    const leaving = new AbortController()
    const load = async (): Promise<void> => {
      const messages = await transport.loadMessages(id, leaving.signal)
      if (leaving.signal.aborted) return
      setRead({ id })
      // The person may have sent something meanwhile.
      if (isRunning(latestStatus.current)) return
      setMessages(messages)
      await resumeStream()
    }
    load().catch((error: unknown) => {
      if (!leaving.signal.aborted) setRead({ id, error: toError(error) })
    })
    return () => leaving.abort()
  }, [transport, id, round, setMessages, resumeStream])
  const isRead = read?.id === id
  return { isLoading: !isRead, error: isRead ? read.error : undefined, reload }
}

/** Sends messages that join the answer. Where one has an answer of its own, that is shown. */
function useSteering(
  transport: SegueChatTransport,
  { id, status }: UseChatHelpers<SegueUIMessage>,
  reload: () => void,
): UseSegueChatResult['steer'] {
  useEffect(() => {
    if (!isRunning(status) && transport.hasFollowUp(id)) reload()
  }, [transport, id, status, reload])
  return useCallback(
    async (message) => {
      if (!(await transport.steer(id, message))) reload()
    },
    [transport, id, reload],
  )
}

/** Goes on with an answer that waits for an approval when that is answered elsewhere. */
function useDecisionsElsewhere(transport: SegueChatTransport, chat: UseChatHelpers<SegueUIMessage>): void {
  const { id, messages, status, resumeStream } = chat
  const isWaiting = status === 'ready' && isAwaitingApproval(messages)
  useEffect(() => {
    if (!isWaiting) return
    const leaving = new AbortController()
    const wait = async (): Promise<void> => {
      if ((await transport.waitForDecision(id, leaving.signal)) && !leaving.signal.aborted) await resumeStream()
    }
    wait().catch((error: unknown) => console.error('The answer cannot be followed.', error))
    return () => leaving.abort()
  }, [transport, id, isWaiting, resumeStream])
}

function isRunning(status: UseChatHelpers<SegueUIMessage>['status']): boolean {
  return status === 'submitted' || status === 'streaming'
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

import { type LiveChat, useChat } from 'segue-client/react'
import { useEffect, useState } from 'react'
import type { Draft } from '../draft/draft.ts'
import { giveBackMessages } from '../draft/message-draft.ts'
import { focusComposer } from '../../../shortcuts/focus-composer.ts'
import { describeStop, needsReport } from './describe-stop.ts'

/** `isShown`: the end of the answer does not say all of it. Else it is for screen readers. */
interface StopReport {
  readonly text: string
  readonly isShown: boolean
}

interface Stop {
  /** What became of the last answer that was stopped here, for people. Null if there is none. */
  readonly report: StopReport | null
  dismissReport(): void
  stop(): void
}

/** Stops the answer, and says what was saved. Messages that were to join it come back into the draft. */
export function useStop(chat: LiveChat, draft: Draft): Stop {
  const [report, setReport] = useState<StopReport | null>(null)
  // In another try of the turn, it is no news.
  const sessionId = useChat(chat, (state) => state.sessionId)
  useEffect(() => setReport(null), [chat, sessionId])
  const stop = async (): Promise<void> => {
    focusComposer()
    // The reason of a refusal is the error of the chat.
    const stopped = await chat.stop().catch(() => null)
    if (!stopped) return
    giveBackMessages(draft, stopped.withdrawn)
    setReport({ text: describeStop(stopped), isShown: needsReport(stopped) })
  }
  return { report, dismissReport: () => setReport(null), stop: () => void stop() }
}

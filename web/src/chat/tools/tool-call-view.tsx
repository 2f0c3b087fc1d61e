import type { ToolCall } from 'segue-client'
import type { ToolCallDecisions } from 'segue-client/react'
import { lazy, memo, Suspense } from 'react'
import { ToolCard } from './tool-card.tsx'
import { loadPatiently } from '../../components/errors/load-patiently.ts'

const ToolCallDecisionsView = lazy(loadPatiently(() => import('./tool-call-decisions-view.tsx')))

interface ToolCallViewProps {
  readonly call: ToolCall
  /** What the call asks of a person, or asked. */
  readonly decisions: ToolCallDecisions | undefined
}

/** A tool call with what it asks of a person. A call that waits, and one that is a question, is the card that asks. */
export const ToolCallView = memo(function ToolCallView({ call, decisions }: ToolCallViewProps) {
  const isQuestion = decisions?.approval?.state === 'PENDING' || (call.name === 'clarify' && !!decisions?.clarification)
  return (
    <>
      {!isQuestion && <ToolCard call={call} />}
      {decisions && (
        <Suspense>
          <ToolCallDecisionsView {...decisions} />
        </Suspense>
      )}
    </>
  )
})

import { useEffect, useState } from 'react'
import { wasAnsweredElsewhere } from '../decisions/card/answered-here.ts'
import type { WaitingDecision } from '../decisions/waiting/waiting-decisions.ts'

export interface ShownDecision extends WaitingDecision {
  /** It was answered elsewhere, or does not wait any more. */
  readonly isGone: boolean
}

// Milliseconds: longer than a double click takes.
const settlingMs = 500

/**
 * What the inbox shows: what waits, and what has gone while it was shown, without an answer from here. `isSettling` is true for
 * a moment after something has gone: a click that was meant for it must not hit what has taken its place.
 */
export function useShownDecisions(waiting: readonly WaitingDecision[]): {
  readonly shown: readonly ShownDecision[]
  readonly isSettling: boolean
} {
  const [before, setBefore] = useState(waiting)
  const [gone, setGone] = useState<readonly WaitingDecision[]>([])
  const [goneCount, setGoneCount] = useState(0)
  const [settledCount, setSettledCount] = useState(0)
  if (before !== waiting) {
    const ids = new Set(waiting.map(({ decision }) => decision.id))
    const left = before.filter(({ decision }) => !ids.has(decision.id))
    setBefore(waiting)
    if (left.length > 0) setGoneCount(goneCount + 1)
    const elsewhere = left.filter(({ decision }) => wasAnsweredElsewhere(decision.id))
    if (elsewhere.length > 0) setGone([...gone, ...elsewhere])
  }
  useEffect(() => {
    const timer = setTimeout(() => setSettledCount(goneCount), settlingMs)
    return () => clearTimeout(timer)
  }, [goneCount])
  const shown = [
    ...waiting.map(({ profile, decision }) => ({ profile, decision, isGone: false })),
    ...gone.map(({ profile, decision }) => ({ profile, decision, isGone: true })),
  ]
  shown.sort((a, b) => a.decision.requestedAt - b.decision.requestedAt)
  return { shown, isSettling: settledCount !== goneCount }
}

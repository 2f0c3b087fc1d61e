import { useEffect, useState } from 'react'

export interface StepsOptions {
  /** How many of the first ones are rendered at once. Default: 0. */
  readonly first?: number
  /** How many of the last ones are rendered at once, and how many more may be added at once. */
  readonly last: number
  /** How many of the others are rendered together. */
  readonly step: number
}

/** Things are not rendered from `from` to before `to`. */
interface Steps {
  readonly count: number
  readonly from: number
  readonly to: number
}

/**
 * Of many things that come at once, the first ones and the last ones are rendered at once, and the others step by step from
 * the last one up, so that the page can react meanwhile. Returns whether one is rendered.
 */
export function useSteps(count: number, { first = 0, last, step }: StepsOptions): (index: number) => boolean {
  const [steps, setSteps] = useState<Steps>({ count: 0, from: first, to: first })
  const known = steps.count === count ? steps : addTo(steps, count, last)
  if (known !== steps) setSteps(known)
  const { from, to } = known
  useEffect(() => {
    if (to <= from) return
    // Another task, rather than a transition: texts that stream in would begin that anew again and again.
    const timer = setTimeout(() => setSteps((now) => ({ ...now, to: Math.max(now.from, now.to - step) })))
    return () => clearTimeout(timer)
  }, [from, to, step])
  return (index) => index < from || index >= to
}

function addTo({ count: before, from, to }: Steps, count: number, last: number): Steps {
  const isMuch = to <= from && count - Math.max(before, from) > last
  return isMuch ? { count, from: Math.max(before, from), to: count - last } : { count, from, to }
}

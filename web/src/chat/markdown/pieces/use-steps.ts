import { startTransition, useEffect, useState } from 'react'

/** What is rendered of many things: those before `from`, and those from `to` on. */
export interface Steps {
  readonly from: number
  readonly to: number
}

export interface StepsOptions {
  /** How many of the first ones, and of the last ones, are rendered at once. */
  readonly first: number
  readonly last: number
  /** How many of the others are rendered together. */
  readonly step: number
}

/**
 * Many things that are there from the beginning are rendered step by step, from the last one up, so that the page can react
 * meanwhile. What is added later is rendered at once.
 */
export function useSteps(count: number, { first, last, step }: StepsOptions): Steps {
  const [to, setTo] = useState(Math.max(first, count - last))
  useEffect(() => {
    if (to > first) startTransition(() => setTo(Math.max(first, to - step)))
  }, [to, first, step])
  return { from: first, to }
}

export const isInSteps = (index: number, { from, to }: Steps): boolean => index < from || index >= to

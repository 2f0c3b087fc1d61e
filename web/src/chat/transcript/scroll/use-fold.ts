import { useContext, useState } from 'react'
import { FollowingContext } from './following-context.ts'

/**
 * Whether something is unfolded that unfolds while it is made: until it has ended, unless somebody has chosen, or reads in
 * it or around it.
 */
export function useFold(isLive: boolean): readonly [isOpen: boolean, toggle: () => void] {
  const checkFollowing = useContext(FollowingContext)
  const [choice, setChoice] = useState<boolean | null>(null)
  const [wasLive, setWasLive] = useState(isLive)
  if (wasLive !== isLive) {
    setWasLive(isLive)
    // What somebody reads away from the end does not fold under their eyes.
    if (!isLive && choice === null && !checkFollowing()) setChoice(true)
  }
  const isOpen = choice ?? isLive
  return [isOpen, () => setChoice(!isOpen)]
}

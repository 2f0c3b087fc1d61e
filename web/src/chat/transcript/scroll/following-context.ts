import { createContext } from 'react'

/** Tells whether the end of the transcript is shown, and stays shown: then something above it may fold by itself. */
export const FollowingContext = createContext<() => boolean>(() => true)

import { createContext } from 'react'

/** Whether the block that an element is in still grows: what is costly waits until it does not. */
export const LiveBlockContext = createContext(false)

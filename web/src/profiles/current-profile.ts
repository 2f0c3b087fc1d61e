import { useSyncExternalStore } from 'react'

/** The profile that every server has. */
export const defaultProfile = 'default'

const key = 'segue.profile'
const listeners = new Set<() => void>()
let current = readStored()

function readStored(): string {
  try {
    return localStorage.getItem(key) ?? defaultProfile
  } catch {
    return defaultProfile
  }
}

/** Shows another profile, in this window now and in others from their next start on. */
export function chooseProfile(name: string): void {
  if (name === current) return
  current = name
  try {
    localStorage.setItem(key, name)
  } catch {
    // Without storage the choice lasts until the page is closed.
  }
  for (const listener of listeners) listener()
}

/** As `useCurrentProfile`, now. */
export const getCurrentProfile = (): string => current

/** The name of the profile whose chats are shown, and in which new ones begin. */
export function useCurrentProfile(): string {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }, getCurrentProfile)
}

import { useSyncExternalStore } from 'react'

/** How a message is sent while an answer is being made. */
export type SendMode = 'STEER' | 'QUEUE' | 'INTERRUPT'

/** The modes that a person can choose for Enter. An interruption is always a choice of its own. */
export type RememberedSendMode = Exclude<SendMode, 'INTERRUPT'>

const key = 'segue.sendMode'
const listeners = new Set<() => void>()
let chosen: RememberedSendMode | null = null

function readSendMode(): RememberedSendMode {
  if (chosen !== null) return chosen
  try {
    chosen = localStorage.getItem(key) === 'STEER' ? 'STEER' : 'QUEUE'
  } catch {
    chosen = 'QUEUE'
  }
  return chosen
}

/** What Enter does from now on, also after a reload. */
export function chooseSendMode(mode: RememberedSendMode): void {
  chosen = mode
  try {
    localStorage.setItem(key, mode)
  } catch {
    // Without storage the choice lasts until the page is closed.
  }
  for (const listener of listeners) listener()
}

export function useSendMode(): RememberedSendMode {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }, readSendMode)
}

export const otherSendMode = (mode: RememberedSendMode): RememberedSendMode => (mode === 'STEER' ? 'QUEUE' : 'STEER')

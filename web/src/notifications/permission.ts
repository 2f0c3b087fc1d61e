import { useSyncExternalStore } from 'react'

/**
 * `unsupported`: there are no notifications in this browser, or not for pages that were opened over http. `blocked`: only the
 * settings of the browser can allow them.
 */
export type NotificationChoice = 'unsupported' | 'blocked' | 'off' | 'on'

const key = 'segue.notifications'
const listeners = new Set<() => void>()

/** Whether notifications are shown. They are off until somebody turns them on. */
export function readNotificationChoice(): NotificationChoice {
  if (!('Notification' in window) || !('locks' in navigator)) return 'unsupported'
  if (Notification.permission === 'denied') return 'blocked'
  return Notification.permission === 'granted' && isWanted() ? 'on' : 'off'
}

/** Asks the person, if they were not asked before. Call it when they click. */
export async function turnNotificationsOn(): Promise<void> {
  await Notification.requestPermission()
  store('on')
}

export function turnNotificationsOff(): void {
  store('off')
}

export function useNotificationChoice(): NotificationChoice {
  return useSyncExternalStore(subscribe, readNotificationChoice)
}

function isWanted(): boolean {
  try {
    return localStorage.getItem(key) === 'on'
  } catch {
    return false
  }
}

function store(choice: 'on' | 'off'): void {
  try {
    localStorage.setItem(key, choice)
  } catch {
    // Without storage there are no notifications.
  }
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  // Another window has changed it.
  window.addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', listener)
  }
}

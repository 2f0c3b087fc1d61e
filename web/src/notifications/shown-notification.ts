import { navigate } from 'wouter/use-browser-location'

/** A browser notification. Clicked, it opens a path of the app. */
export interface NewNotification {
  readonly title: string
  readonly body: string
  /** Of several with the same tag, the newest is shown. */
  readonly tag: string
  readonly path: string
}

/** A notification that can be taken away. */
export interface ShownNotification {
  close(): void
}

/**
 * Shows a notification. Pages of browsers on phones must not, so that their service worker does. Null if neither can.
 * `onClosed` is called when it is gone, as far as the browser tells.
 */
export async function showNotification(
  notification: NewNotification,
  onClosed: () => void,
): Promise<ShownNotification | null> {
  return showFromPage(notification, onClosed) ?? (await showFromServiceWorker(notification).catch(() => null))
}

/** Opens what a person has clicked in a notification of the service worker. Returns a function that ends it. */
export function followNotificationClicks(): () => void {
  if (!('serviceWorker' in navigator)) return () => {}
  const onMessage = ({ data }: MessageEvent<unknown>): void => {
    const path = typeof data === 'object' && data !== null && 'openPath' in data ? data.openPath : null
    if (typeof path === 'string') navigate(path)
  }
  navigator.serviceWorker.addEventListener('message', onMessage)
  return () => navigator.serviceWorker.removeEventListener('message', onMessage)
}

const icon = '/icon.svg'

function showFromPage({ title, body, tag, path }: NewNotification, onClosed: () => void): ShownNotification | null {
  try {
    const shown = new Notification(title, { body, tag, icon })
    shown.addEventListener('close', onClosed)
    shown.addEventListener('click', () => {
      window.focus()
      navigate(path)
      shown.close()
    })
    return shown
  } catch {
    return null
  }
}

async function showFromServiceWorker({ title, body, tag, path }: NewNotification): Promise<ShownNotification | null> {
  const registration = await navigator.serviceWorker.getRegistration()
  if (!registration?.active) return null
  await registration.showNotification(title, { body, tag, icon, data: { path } })
  const close = async (): Promise<void> => {
    for (const shown of await registration.getNotifications({ tag })) shown.close()
  }
  return { close: () => void close().catch(() => {}) }
}

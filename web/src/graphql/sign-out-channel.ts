import { closeSnapshots } from './snapshot-storage.ts'

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('segue.sign-out') : null

/** Tells the other windows of this browser that it has signed out. */
export function announceSignOut(): void {
  channel?.postMessage(null)
}

/** Has this window show the form when another one has signed out: its socket is still that of who was signed in. */
export function followSignOut(): void {
  channel?.addEventListener('message', () => {
    void closeSnapshots().finally(() => location.assign('/'))
  })
}

import { whenIdle } from '../graphql/when-idle.ts'

/** Lets the page open without a connection. Only pages with TLS, or of this machine, can have a service worker. */
export function startServiceWorker(): void {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return
  const container = navigator.serviceWorker
  const start = async (): Promise<void> => {
    await whenIdle()
    await container.register('/service-worker.js')
    const { active } = await container.ready
    // It keeps what passes it. What was loaded before it was there, it must be told.
    const observer = new PerformanceObserver((list) => {
      active?.postMessage(list.getEntries().map(({ name }) => name))
    })
    observer.observe({ type: 'resource', buffered: true })
  }
  // Without it, the page needs a connection to open.
  addEventListener('load', () => void start().catch(() => {}))
}

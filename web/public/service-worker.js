// Lets the app open without a connection. The page comes from the network whenever there is one, so that an upgrade is never
// held back; its hashed files never change, and come from here. Nothing else is kept: no data, and nothing that is sent.
const cacheName = 'segue-app'
const pagePath = '/'
/** The server varies by what is accepted. Of each file, one answer is kept. */
const anyVary = { ignoreVary: true }
const ownFiles = new Set(['/page-start.js', '/icon.svg', '/manifest.webmanifest'])

const isKept = ({ pathname, origin }) =>
  origin === location.origin && (pathname.startsWith('/assets/') || ownFiles.has(pathname))

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

// The page tells what it had loaded before there was a worker.
self.addEventListener('message', (event) => {
  const paths = event.data.map((url) => new URL(url)).filter(isKept)
  event.waitUntil(Promise.all([pagePath, ...paths.map(({ pathname }) => pathname)].map(keep)))
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  if (request.method !== 'GET') return
  const url = new URL(request.url)
  if (request.mode === 'navigate') event.respondWith(openPage(request))
  else if (isKept(url)) event.respondWith(url.pathname.startsWith('/assets/') ? readKept(request) : readNew(request))
})

// Of a browser whose pages may not show notifications themselves.
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(openPath(event.notification.data?.path ?? pagePath))
})

/** In a window of the app, the one that was used last, or in a new one. */
async function openPath(path) {
  const [page] = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  if (!page) return self.clients.openWindow(path)
  page.postMessage({ openPath: path })
  // A browser may refuse it. The page is the right one even so.
  await page.focus().catch(() => {})
}

async function openPage(request) {
  try {
    const response = await fetch(request)
    if (response.ok && response.headers.get('content-type')?.startsWith('text/html')) await storePage(response.clone())
    return response
  } catch (error) {
    const kept = await caches.match(pagePath, anyVary)
    if (kept) return kept
    throw error
  }
}

/** The files of another version are not needed any more. */
async function storePage(response) {
  const known = await caches.match(pagePath, anyVary)
  if (known && (await known.text()) !== (await response.clone().text())) await caches.delete(cacheName)
  await (await caches.open(cacheName)).put(pagePath, response)
}

async function readKept(request) {
  return (await caches.match(request, anyVary)) ?? readNew(request)
}

async function readNew(request) {
  try {
    const response = await fetch(request)
    if (response.ok) await (await caches.open(cacheName)).put(request, response.clone())
    return response
  } catch (error) {
    const kept = await caches.match(request, anyVary)
    if (kept) return kept
    throw error
  }
}

async function keep(path) {
  const cache = await caches.open(cacheName)
  if (!(await cache.match(path, anyVary)))
    await cache.add(new Request(path, { headers: path === pagePath ? { accept: 'text/html' } : {} }))
}

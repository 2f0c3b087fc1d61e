import { batchLists } from './batch-lists.ts'
import { fetchWithUploadProgress } from '../chat/composer/files/upload-progress.ts'

/**
 * Sends a request of this page. Its header shows the server that it is not one of another page: the browser adds the cookie
 * of whoever has signed in by itself. When nobody is signed in any more, the server shows its form in place of the page.
 */
export const sendAsPage: typeof fetch = async (input, init) => {
  const headers = { ...Object.fromEntries(new Headers(init?.headers)), 'x-segue-csrf': '1' }
  const response = await fetchWithUploadProgress(input, { ...init, headers })
  if (response.status === 401) location.reload()
  return response
}

/** `fetch` of this page: with the header, and the queries of its lists together. */
export const fetchAsPage = batchLists(sendAsPage)

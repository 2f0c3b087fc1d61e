import { createSegueClient } from 'segue-client'
import { whenPageShown } from '../graphql/page-shown.ts'
import { fetchAsPage, sendAsPage } from './fetch-as-page.ts'

const url = '/graphql'

/** The one client of the page. The server is the one that the page came from. What it shows first needs no WebSocket. */
export const segue = createSegueClient({
  url,
  fetch: fetchAsPage,
  webSocketImpl: whenPageShown.then(() => WebSocket),
  onConnectionLost: checkSignIn,
})

/** A browser does not say why a WebSocket is refused. A request does, and shows the form if nobody is signed in any more. */
function checkSignIn(): void {
  // While the server is away, the client says so.
  sendAsPage(`${url}?query={__typename}`, { headers: { accept: 'application/json' } }).catch(() => undefined)
}

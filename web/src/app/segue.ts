import { createSegueClient } from 'segue-client'

/** The one client of the page. The server is the one that the page came from. */
export const segue = createSegueClient({ url: '/graphql' })

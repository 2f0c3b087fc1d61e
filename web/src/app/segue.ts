import { createSegueClient } from 'segue-client'
import { fetchAsPage } from './fetch-as-page.ts'

/** The one client of the page. The server is the one that the page came from. */
export const segue = createSegueClient({ url: '/graphql', fetch: fetchAsPage })

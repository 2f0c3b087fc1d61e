import { createSegueClient } from 'segue-client'
import { fetchWithUploadProgress } from '../chat/composer/files/upload-progress.ts'

/** The one client of the page. The server is the one that the page came from. */
export const segue = createSegueClient({ url: '/graphql', fetch: fetchWithUploadProgress })

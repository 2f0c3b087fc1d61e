import { z } from 'zod'
import type { CacheClient } from './cache-client.ts'

const pageSchema = z.object({
  conversations: z.object({ pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }) }),
})

/** Reads the whole list from the server, page by page. */
export async function readConversationList(client: CacheClient): Promise<void> {
  let after: string | null = null
  do {
    const data = await client.query('ConversationListQuery', { first: client.listPageSize, after })
    const { hasNextPage, endCursor } = pageSchema.parse(data).conversations.pageInfo
    after = hasNextPage ? endCursor : null
  } while (after !== null)
}

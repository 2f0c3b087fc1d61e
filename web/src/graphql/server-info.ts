import { ServerInfoDocument, type ServerInfoQuery } from './generated/graphql.ts'
import { SharedQuery, useSharedQuery } from './shared-query.ts'

const serverInfo = new SharedQuery(ServerInfoDocument, {})

/** What the page knows of its server. Null until it is read. */
export function useServerInfo(): ServerInfoQuery['server'] | null {
  return useSharedQuery(serverInfo).data?.server ?? null
}

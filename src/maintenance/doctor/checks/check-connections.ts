import { McpToolSource } from '../../../agent/mcp/mcp-tool-source.ts'
import { checkProvider } from '../../../agent/providers/check-provider.ts'
import { createProviderFetch } from '../../../agent/providers/http/create-provider-fetch.ts'
import type { ProfileSettings } from '../../../config/profile/profile-settings.ts'
import type { HttpClient } from '../../../lib/http/http-client.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { CheckReport, type CheckResult } from '../finding.ts'

const providerTimeoutMs = 10_000
/** From the begin of a server's start until its tools are listed. Its own limit may be shorter. */
const mcpTimeoutMs = 20_000

/** Asks every configured provider of a profile for its models, all at the same time. */
export async function checkProviders(
  profile: string,
  { providers }: Pick<ProfileSettings, 'providers'>,
  httpClient: HttpClient,
): Promise<CheckResult> {
  const report = new CheckReport('providers', profile)
  if (providers === null) return report.finish('none configured')
  const states = await Promise.all(
    providers.map(async (provider) => {
      const removedHeaders = provider.apiKey === null ? ['authorization', 'x-api-key', 'api-key'] : []
      const fetch = createProviderFetch({ client: httpClient, idleTimeoutMs: providerTimeoutMs, removedHeaders })
      return { provider, ...(await checkProvider(provider, fetch, providerTimeoutMs)) }
    }),
  )
  for (const { provider, state, error } of states)
    if (state !== 'READY')
      report.add(`The provider ${provider.name} is ${describe(state)}.`, error ?? 'Check its entry in config.json.')
  return report.finish(`${providers.length} configured`)
}

function describe(state: 'UNREACHABLE' | 'NO_KEY' | 'REFUSED'): string {
  if (state === 'NO_KEY') return 'without a key'
  return state === 'REFUSED' ? 'reachable, but refuses requests' : 'not reachable'
}

/** Starts every MCP server of a profile, all at the same time, lists its tools, and stops it. */
export async function checkMcpServers(
  profile: string,
  { mcpServers }: Pick<ProfileSettings, 'mcpServers'>,
  httpClient: HttpClient,
): Promise<CheckResult> {
  const report = new CheckReport('mcpServers', profile)
  if (mcpServers.length === 0) return report.finish('none configured')
  const source = new McpToolSource({ servers: mcpServers, httpClient, log: silentLogger, startWaitMs: mcpTimeoutMs })
  try {
    await source.listTools()
    for (const { name, state, error } of source.listMcpServers())
      if (state !== 'READY' && state !== 'DISABLED')
        report.add(
          `The MCP server ${name} does not answer.`,
          error ?? `It did not list its tools within ${mcpTimeoutMs / 1000} seconds. Start it by hand to see why.`,
        )
    return report.finish(`${mcpServers.length} configured`)
  } finally {
    await source.close()
  }
}

import { z } from 'zod'

const invalidServersMessage = 'Must be an object of servers by name.'

const namedEntrySchema = z.looseObject({ name: z.string() })
const wrapperSchema = z.object({ servers: z.looseObject({}).optional(), mcpServers: z.looseObject({}).optional() })

/**
 * `mcpServers` in config.json: the entries by name. They are validated one by one later, because an invalid one costs no
 * more than itself. Also accepted are a list of entries with names, and the whole file of another MCP client.
 */
export const mcpServersSchema = z.preprocess(
  (value) => listToRecord(unwrapServers(value)),
  z.record(z.string(), z.unknown(), { error: invalidServersMessage }),
)

/** Returns the servers of a file that was pasted as it is: `{"servers": {…}}` or `{"mcpServers": {…}}`. */
function unwrapServers(value: unknown): unknown {
  const { servers, mcpServers } = wrapperSchema.safeParse(value).data ?? {}
  const inner = mcpServers ?? servers
  const isServer = inner !== undefined && ['command', 'url'].some((key) => typeof inner[key] === 'string')
  return inner === undefined || isServer ? value : inner
}

function listToRecord(value: unknown): unknown {
  const list = z.array(namedEntrySchema).safeParse(value).data
  return list ? Object.fromEntries(list.map(({ name, ...entry }) => [name, entry])) : value
}

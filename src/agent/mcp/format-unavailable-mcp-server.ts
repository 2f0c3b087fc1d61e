import type { McpServerStatus } from '../tools/mcp-server-status.ts'

export interface UnavailableMcpServer extends Pick<McpServerStatus, 'name' | 'state' | 'error'> {
  /** Whether Segue is stopping. */
  readonly isClosed: boolean
  /** Milliseconds until the server may be started. */
  readonly retryInMs: number
}

/** Says to a model, and to the user, why a tool of a server cannot be called now and when it can. */
export function formatUnavailableMcpServer({ name, state, error, isClosed, retryInMs }: UnavailableMcpServer): string {
  const subject = `The MCP server ${JSON.stringify(name)}`
  const reason = error === null ? '' : ` ${error}`
  if (isClosed) return `${subject} was stopped.`
  const seconds = Math.ceil(retryInMs / 1000)
  switch (state) {
    case 'STARTING':
      return `${subject} is still starting. Try again later.`
    case 'FAILED':
      return `${subject} could not be started.${reason}${seconds > 0 ? ` It can be tried again in ${seconds} s.` : ''}`
    default:
      return `${subject} is not running.${reason}${seconds > 0 ? ` It is started again in ${seconds} s.` : ''}`
  }
}

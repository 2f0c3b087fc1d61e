/** Why an MCP server could not be started, reached or used. */
export type McpFailureReason =
  | { readonly kind: 'exit'; readonly code: number | null }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  /** Segue has closed the connection or stopped the program. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'program-not-found' }
  /** The working directory of the program does not exist. */
  | { readonly kind: 'folder-not-found' }
  | { readonly kind: 'program-not-executable' }
  | { readonly kind: 'start-timeout'; readonly timeoutMs: number }
  /** `code`: the system's error code, such as ECONNREFUSED. */
  | { readonly kind: 'unreachable'; readonly code: string }
  | { readonly kind: 'redirect'; readonly status: number }
  | { readonly kind: 'session-lost'; readonly status: number }
  | { readonly kind: 'http-status'; readonly status: number }
  | { readonly kind: 'stream-ended' }
  | { readonly kind: 'response-incomplete' }
  | { readonly kind: 'message-too-large'; readonly maxBytes: number }
  /** `paths`: where in the message the first invalid values are. */
  | { readonly kind: 'invalid-message'; readonly paths: readonly string[] }
  | { readonly kind: 'tool-list-loop' }
  | { readonly kind: 'tool-list-too-long'; readonly maxTools: number }
  /** Any other error, with its own message. */
  | { readonly kind: 'other'; readonly message: string }

/** Formats a reason as a sentence. It may contain secrets. */
export function formatMcpFailure(reason: McpFailureReason): string {
  switch (reason.kind) {
    case 'exit':
      return reason.code === null ? 'The MCP server ended.' : `The MCP server ended with exit code ${reason.code}.`
    case 'signal':
      return `The MCP server was terminated by ${reason.signal}.`
    case 'stopped':
      return 'The MCP server was stopped.'
    case 'program-not-found':
      return 'There is no such program. Check the command of the MCP server and its PATH.'
    case 'folder-not-found':
      return 'There is no such working directory. Check the cwd of the MCP server.'
    case 'program-not-executable':
      return 'The program is not executable. Check the command of the MCP server.'
    case 'start-timeout':
      return `The MCP server was not ready within ${reason.timeoutMs / 1000} seconds. Set startSeconds if it needs longer.`
    case 'unreachable':
      return `The MCP server cannot be reached (${reason.code}). Check its url and whether it runs.`
    case 'redirect':
      return `The MCP server redirects to another URL (HTTP ${reason.status}). Use that URL.`
    case 'session-lost':
      return `The MCP server has lost the session (HTTP ${reason.status}).`
    case 'http-status':
      return `The MCP server responded with HTTP status ${reason.status}.${formatHint(reason.status)}`
    case 'stream-ended':
      return 'The MCP server closed its event stream.'
    case 'response-incomplete':
      return 'The MCP server did not complete its response.'
    case 'message-too-large':
      return `The MCP server sent a message of more than ${reason.maxBytes} bytes.`
    case 'invalid-message':
      return `The MCP server sent an invalid message (${reason.paths.join(', ')}).`
    case 'tool-list-loop':
      return 'The MCP server lists the same page of tools again and again.'
    case 'tool-list-too-long':
      return `The MCP server lists more than ${reason.maxTools} tools.`
    case 'other':
      return reason.message
  }
}

function formatHint(status: number): string {
  if (status === 401 || status === 403) return ' Check its credentials.'
  return status === 404 || status === 405 ? ' Check its url.' : ''
}

import { SettingsError } from '../config/settings-error.ts'
import { formatCliError } from './format-cli-error.ts'

/** Like `formatCliError`, for errors that keep the server from starting: also explains settings and taken ports. */
export function formatStartError(error: unknown): unknown {
  if (error instanceof SettingsError) return `Segue cannot start with these settings:\n${error.message}`
  return formatListenError(error) ?? formatCliError(error)
}

function formatListenError(error: unknown): string | null {
  if (!(error instanceof Error && 'code' in error && 'syscall' in error && error.syscall === 'listen')) return null
  const { address, port } = { address: '', port: 0, ...error }
  if (error.code === 'EADDRINUSE')
    return `Port ${port} is in use on ${address}. Stop the other program, or choose a port with --port (0 picks a free one).`
  if (error.code === 'EACCES')
    return `You have no permission to listen on port ${port} of ${address}. Choose a port from 1024 on with --port.`
  return null
}

import { SegueError } from '../segue-error.ts'
import { ConnectionLostError } from './connection-lost-error.ts'

/** A token, or a function that gives one for each request or connection. Null, undefined and '' are no token. */
export type Token = string | null | (() => TokenValue | Promise<TokenValue>)
type TokenValue = string | null | undefined

/**
 * The value of the header `authorization`; null without a token. A function that fails, such as one that asks a server, is
 * called again with the next try. The SegueError that it throws is a refusal, which ends what needs the token.
 */
export async function readAuthorization(token: Token | undefined): Promise<string | null> {
  try {
    const value = typeof token === 'function' ? await token() : token
    return value ? `Bearer ${value}` : null
  } catch (error) {
    if (error instanceof SegueError) throw error
    throw new ConnectionLostError('There is no token: its function failed.', { cause: error })
  }
}

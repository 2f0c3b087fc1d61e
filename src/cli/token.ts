import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { TokenCommand } from '../config/command-line/token-command.ts'
import { sha256Hex } from '../lib/text/sha256.ts'
import { printLineToStderr } from './print-line-to-stderr.ts'

const tokenBytes = 32

/**
 * Runs `segue token`: makes a token, and prints it with the entry for config.json. Nothing is stored: the server knows only
 * the hash, from the entry. The two lines on stdout are for programs, those on stderr for people.
 */
export function runToken({ tokenName, role, profiles, paths }: TokenCommand): void {
  const token = `segue_${randomBytes(tokenBytes).toString('base64url')}`
  const entry = { name: tokenName, sha256: sha256Hex(token), role, ...(profiles && { profiles }) }
  printLineToStderr('The new token, which is shown only once:')
  process.stdout.write(`${token}\n`)
  printLineToStderr(`Add this to the list "tokens" in ${join(paths.home, 'config.json')}:`)
  process.stdout.write(`${JSON.stringify(entry)}\n`)
}

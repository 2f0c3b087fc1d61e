import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..', '..')

/** The program that `npm start` and the package run. */
export const builtProgram = join(root, 'dist', 'bin.js')

/** Builds it if it is missing or older than its sources. Vitest calls this before the workers start. */
export default function buildProgram(): void {
  const args = [join(root, 'scripts', 'build-if-stale.mjs'), 'server']
  execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

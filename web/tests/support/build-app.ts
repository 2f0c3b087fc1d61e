import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** Builds the app and the server once for all tests, as `npm start` does. */
export default function buildApp(): void {
  execFileSync(process.execPath, [join(import.meta.dirname, '../../../scripts/build-if-stale.mjs')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

// Installs what is missing, so that `npm start` and `npm test` work alone in a fresh clone. Plain JavaScript
// without dependencies: it runs on whatever Node the machine has (20 or newer), before our own Node is there.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const stamp = 'node_modules/.segue-installed'
const platform = `${process.platform}-${process.arch}`
const wanted = createHash('sha256').update(platform).update(readFileSync('package-lock.json')).digest('hex')
const installed = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted

if (!installed) {
  process.stderr.write('Segue installs its packages; this happens once.\n')
  // Scripts stay off but for `node`, whose preinstall links the Node that everything else runs on: better-sqlite3
  // brings its binaries along, and a build from source would need a compiler.
  const steps = [
    ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    ['rebuild', 'node', '--ignore-scripts=false', '--foreground-scripts=false', '--loglevel=error'],
  ]
  for (const step of steps) {
    // Standard output belongs to the server's one line.
    const { status } = spawnSync('npm', step, { stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
    if (status !== 0) process.exit(status ?? 1)
  }
  writeFileSync(stamp, wanted)
}

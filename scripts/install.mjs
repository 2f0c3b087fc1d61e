// Installs the packages if they are missing or outdated, so that `npm start` and `npm test` work in a fresh clone. Plain
// JavaScript without dependencies: it runs on the machine's Node (20 or newer), before the project's Node is installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs'

const stamp = 'node_modules/.segue-installed'
const platform = `${process.platform}-${process.arch}`
const expected = createHash('sha256').update(platform).update(readFileSync('package-lock.json')).digest('hex')
// A link leads to the packages of another clone, which this one must not replace.
const isLink = lstatSync('node_modules', { throwIfNoEntry: false })?.isSymbolicLink() ?? false
const isInstalled = isLink || (existsSync(stamp) && readFileSync(stamp, 'utf8') === expected)

if (!isInstalled) {
  process.stderr.write('Installing the packages of Segue. This happens once.\n')
  // Only `node` may run its scripts: they link the Node that runs everything else. better-sqlite3 comes with its binaries;
  // its script would build it from source, which needs a compiler.
  const steps = [
    ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    ['rebuild', 'node', '--ignore-scripts=false', '--foreground-scripts=false', '--loglevel=error'],
  ]
  for (const step of steps) {
    // The output goes to stderr: the stdout of `npm start` carries one line of the server only.
    const { status } = spawnSync('npm', step, { stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
    if (status !== 0) process.exit(status ?? 1)
  }
  writeFileSync(stamp, expected)
}

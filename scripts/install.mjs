// Installs packages from a lock file if they are missing or outdated, so that `npm start` and `npm test` work in a fresh
// clone. Without an argument, those of the root and its workspaces; with the path of a folder (`node scripts/install.mjs
// tests/packages`), those of a package outside the workspaces. Plain JavaScript without dependencies: it runs on the
// machine's Node (20 or newer), before the project's Node is installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '..', process.argv[2] ?? '')
const packages = join(folder, 'node_modules')
const stamp = join(packages, '.segue-installed')
const platform = `${process.platform}-${process.arch}`
const lockFile = readFileSync(join(folder, 'package-lock.json'))
const expected = createHash('sha256').update(platform).update(lockFile).digest('hex')
// A link leads to the packages of another clone, which this one must not replace.
const isLink = lstatSync(packages, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
const isInstalled = isLink || (existsSync(stamp) && readFileSync(stamp, 'utf8') === expected)

if (!isInstalled) {
  process.stderr.write(`Installing the packages of ${process.argv[2] ?? 'Segue'}. This happens once.\n`)
  const steps = [['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']]
  // Only these may run their scripts. `node` is one: it links the Node that runs everything else. better-sqlite3 is not: it
  // comes with its binaries, and its script would build it from source, which needs a compiler.
  const { allowScripts = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const allowed = Object.keys(allowScripts).filter((name) => allowScripts[name])
  if (allowed.length > 0) {
    steps.push(['rebuild', ...allowed, '--ignore-scripts=false', '--foreground-scripts=false', '--loglevel=error'])
  }
  for (const step of steps) {
    // The output goes to stderr: the stdout of `npm start` carries one line of the server only.
    const options = { cwd: folder, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' }
    const { status } = spawnSync('npm', step, options)
    if (status !== 0) process.exit(status ?? 1)
  }
  writeFileSync(stamp, expected)
}

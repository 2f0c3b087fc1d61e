// Builds the server and the web app if they are missing or older than their sources, so that `npm start` works in a fresh
// clone; with a name, only that one. Without the sources of the web app, and when its build fails, the server shows the
// playground in its place. Plain JavaScript: in a fresh clone, it may run on the machine's Node (20 or newer).
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const builds = [
  {
    name: 'server',
    what: 'the server',
    output: 'dist/bin.js',
    sourceFolders: ['src', 'scripts/build'],
    sourceFiles: ['package.json', 'package-lock.json'],
  },
  {
    name: 'web',
    what: 'the web app',
    output: 'web/dist/index.html',
    sourceFolders: ['web/src', 'web/public', 'client/src', 'src/model', 'src/lib'],
    sourceFiles: ['web/index.html', 'web/vite.config.ts', 'package-lock.json'],
    onFailure: 'The server starts without it.',
  },
]

const requested = process.argv[2]
for (const build of builds.filter(({ name }) => requested === undefined || requested === name)) {
  if (!existsSync(join(root, build.sourceFolders[0])) || !isStale(build)) continue
  process.stderr.write(`Building ${build.what}. This happens once, and after an update.\n`)
  // Nothing goes to stdout: that of `npm start` carries the lines of the server only.
  const options = { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' }
  const { status } = spawnSync('npm', ['run', '--silent', 'build', '--', build.name, '--keep-earlier'], options)
  if (status === 0) continue
  process.stderr.write(`Segue could not build ${build.what}. ${build.onFailure ?? ''}\n`)
  if (build.onFailure === undefined) process.exit(1)
}

function isStale({ output, sourceFolders, sourceFiles }) {
  const builtAt = statSync(join(root, output), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const inFolders = sourceFolders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  return [...sourceFiles, ...inFolders].some((file) => statSync(join(root, file)).mtimeMs > builtAt)
}

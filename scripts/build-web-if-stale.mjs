// Builds the web app if it is missing or older than its sources, so that `npm start` shows it in a fresh clone. Without its
// sources, and when the build fails, the server shows the playground in its place. Plain JavaScript: in a fresh clone, it
// may run on the machine's Node (20 or newer).
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const page = join(root, 'web', 'dist', 'index.html')
const sourceFolders = ['web/src', 'web/public', 'client/src', 'src/model', 'src/lib']
const sourceFiles = ['web/index.html', 'web/vite.config.ts', 'package-lock.json']

if (existsSync(join(root, 'web', 'src')) && isStale()) {
  process.stderr.write('Building the web app. This happens once, and after an update.\n')
  // Nothing goes to stdout: that of `npm start` carries the lines of the server only.
  const options = { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' }
  const { status } = spawnSync('npm', ['run', '--silent', 'build', '--', 'web'], options)
  if (status !== 0) process.stderr.write('The web app could not be built. The server starts without it.\n')
}

function isStale() {
  if (!existsSync(page)) return true
  const builtAt = statSync(page).mtimeMs
  const inFolders = sourceFolders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  return [...sourceFiles, ...inFolders].some((file) => statSync(join(root, file)).mtimeMs > builtAt)
}

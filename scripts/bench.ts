// Runs a benchmark of bench/: npm run bench -- <name> [arguments]
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'

const folder = join(import.meta.dirname, '..', 'bench')
const names = globSync('*.ts', { cwd: folder })
  .map((file) => basename(file, '.ts'))
  .toSorted()
const [name = '', ...args] = process.argv.slice(2)
if (names.includes(name)) {
  const { status } = spawnSync(process.execPath, ['--expose-gc', join(folder, `${name}.ts`), ...args], {
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
} else {
  const problem = name === '' ? 'The name of a benchmark is missing' : `There is no benchmark ${name}`
  process.stderr.write(`${problem}. Use one of ${names.join(', ')}.\n`)
  process.exitCode = 1
}

// Runs the comparisons with peers and limits, and draws docs/bench.svg: npm run bench. They take less than 10 minutes.
// Or runs one benchmark of bench/: npm run bench -- <name> [arguments]
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'

const folder = join(import.meta.dirname, '..', 'bench')
/** Those with results that are drawn. */
const comparisons = ['http', 'streams']
const names = globSync('*.ts', { cwd: folder })
  .map((file) => basename(file, '.ts'))
  .toSorted()

function run(args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

const [name, ...args] = process.argv.slice(2)
if (name === undefined) {
  for (const [index, each] of comparisons.entries()) {
    process.stdout.write(`\n${each} (${index + 1} of ${comparisons.length})\n`)
    run(['--expose-gc', join(folder, `${each}.ts`)])
  }
  run([join(import.meta.dirname, 'bench', 'draw-bench.ts')])
} else if (names.includes(name)) {
  run(['--expose-gc', join(folder, `${name}.ts`), ...args])
} else {
  process.stderr.write(`There is no benchmark ${name}. Use one of ${names.join(', ')}.\n`)
  process.exitCode = 1
}

// Static checks. All of them run, also after one has failed.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { z } from 'zod'

const root = join(import.meta.dirname, '..')

/** Returns what is wrong, or null. */
type Check = () => string | null

const checks: Record<string, Check> = {
  types: commandCheck('tsc', '-p', '.'),
  'types of the client library': commandCheck('tsc', '-p', 'client'),
  'types of its tests': commandCheck('tsc', '-p', 'client/tests'),
  'types of the web app': commandCheck('tsc', '-p', 'web'),
  'types of the tests of the web app': commandCheck('tsc', '-p', 'web/tests'),
  format: commandCheck('oxfmt', '--check'),
  lint: commandCheck('oxlint', '--deny-warnings'),
  'size of the client library': commandCheck('node', 'scripts/check-client-size.ts'),
  'size of the web app': commandCheck('node', 'scripts/web/check-web-size.ts'),
  'sizes of files and folders': commandCheck('node', 'scripts/check-structure.ts'),
  'no copied blocks': commandCheck('jscpd'),
  'unused code and dependencies': commandCheck('knip'),
  'one graphql in the root': checkSingleGraphql,
  'schema.graphql up to date': commandCheck('node', 'scripts/print-schema.ts', '--check'),
  'schema fits the contract': commandCheck('node', 'scripts/check-contract.ts'),
  'typed documents up to date (npm run codegen)': commandCheck('graphql-codegen', '--config', 'codegen.ts', '--check'),
  'no registry in the lock files': checkNoRegistry,
}

function commandCheck(program: string, ...args: string[]): Check {
  // The project's own tools, and the Node that came with them.
  const env = { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter) }
  return () => {
    const { status, signal, stdout, stderr, error } = spawnSync(program, args, { cwd: root, env, encoding: 'utf8' })
    if (status === 0) return null
    return [stdout, stderr, error?.message, signal].filter(Boolean).join('\n').trim() || `${program} failed`
  }
}

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ version: z.string().optional(), resolved: z.string().optional() })),
})

function readLockedPackages(file: string) {
  return Object.entries(lockSchema.parse(JSON.parse(readFileSync(join(root, file), 'utf8'))).packages)
}

/** With two copies of graphql, the errors of one are unknown to the other and reach clients as INTERNAL. */
function checkSingleGraphql(): string | null {
  const copies = readLockedPackages('node_modules/.package-lock.json').filter(([path]) =>
    /(^|\/)node_modules\/graphql$/.test(path),
  )
  if (copies.length === 1) return null
  return [
    'There must be exactly one copy of graphql:',
    ...copies.map(([path, { version }]) => `${path} ${version}`),
  ].join('\n')
}

/** In the lock files of the root and of the packages outside its workspaces. */
function checkNoRegistry(): string | null {
  const lockFiles = execFileSync('git', ['ls-files', '*package-lock.json'], { cwd: root, encoding: 'utf8' })
  const named = lockFiles
    .trim()
    .split('\n')
    .flatMap((file) => readLockedPackages(file).map(([path, { resolved }]) => ({ file, path, resolved })))
    .filter(({ resolved }) => /^[a-z+]+:\/\//.test(resolved ?? ''))
  return named.length === 0 ? null : named.map(({ file, path, resolved }) => `${file}: ${path}: ${resolved}`).join('\n')
}

let failedCount = 0
for (const [name, check] of Object.entries(checks)) {
  const wrong = check()
  process.stdout.write(
    wrong === null ? `ok      ${name}\n` : `FAILED  ${name}\n${wrong.replaceAll(/^/gm, '        ')}\n`,
  )
  if (wrong !== null) failedCount += 1
}
if (failedCount > 0) {
  process.stdout.write(`${failedCount} of ${Object.keys(checks).length} checks failed.\n`)
  process.exitCode = 1
}

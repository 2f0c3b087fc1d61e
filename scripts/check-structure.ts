// Sizes that keep the code readable for a stranger: files in a folder, lines in a file. oxlint counts lines in functions.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')

interface SizeLimit {
  /** Which files it applies to. */
  readonly pattern: RegExp
  readonly maxFilesPerFolder: number
  readonly maxLinesPerFile: number
}

const limits: readonly SizeLimit[] = [
  { pattern: /^(src|client\/src|web\/src|scripts|bench)\//, maxFilesPerFolder: 14, maxLinesPerFile: 300 },
  { pattern: /^(client\/|web\/)?tests\//, maxFilesPerFolder: 20, maxLinesPerFile: 600 },
]

/** Generated code, data, and the script of the offline agent, which is a table. */
const exempt =
  /^(tests\/contract\/generated|web\/src\/graphql\/generated|tests\/support\/fixtures\/home-[^/]+|src\/agent\/offline\/eliza-script\.ts|src\/storage\/sqlite\/database\/migrations\/latest-schema\.ts)/

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((file) => !exempt.test(file))

function findCrowdedFolders(files: readonly string[], { maxFilesPerFolder }: SizeLimit): string[] {
  return [...Map.groupBy(files, (file) => dirname(file))]
    .filter(([, inFolder]) => inFolder.length > maxFilesPerFolder)
    .map(([folder, inFolder]) => `${folder} has ${inFolder.length} files; at most ${maxFilesPerFolder}.`)
}

function findLongFiles(files: readonly string[], { maxLinesPerFile }: SizeLimit): string[] {
  return files
    .filter((file) => /\.(tsx?|mjs)$/.test(file))
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > maxLinesPerFile)
    .map(({ file, lines }) => `${file} has ${lines} lines; at most ${maxLinesPerFile}.`)
}

const problems = limits.flatMap((limit) => {
  const files = tracked.filter((file) => limit.pattern.test(file))
  return findCrowdedFolders(files, limit).concat(findLongFiles(files, limit))
})

if (problems.length > 0) {
  process.stdout.write(`${problems.join('\n')}\n`)
  process.exitCode = 1
}

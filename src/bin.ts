#!/usr/bin/env node
// The program `segue` of the package. A Node that is too old is told so before it loads what it cannot read.
import manifest from '../package.json' with { type: 'json' }

/** Major and minor version. */
type NodeVersion = readonly [major: number, minor: number]

function parseVersion(text: string): NodeVersion {
  const [major = 0, minor = 0] = text.replace('>=', '').split('.').map(Number)
  return [major, minor]
}

const [major, minor] = parseVersion(process.versions.node)
const [oldestMajor, oldestMinor] = parseVersion(manifest.engines.node)

if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
  process.stderr.write(
    `Node ${process.versions.node} is too old for Segue. Use Node ${oldestMajor}.${oldestMinor} or newer.\n`,
  )
  process.exitCode = 1
} else {
  await import('./main.ts')
}

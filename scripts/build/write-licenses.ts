import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const manifestSchema = z.object({ name: z.string(), version: z.string(), license: z.string().optional() })

/** `node_modules/<name>`, also of a package within another one. */
const packagePattern = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/

function describeLicense(folder: string): string {
  const { name, version, license } = manifestSchema.parse(
    JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
  )
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return [`${name} ${version}${license === undefined ? '' : ` (${license})`}`, ...texts].join('\n\n')
}

/**
 * Writes a file with the licenses of the packages that a build includes, as most of them ask for.
 *
 * @param root The folder to which the inputs are relative.
 * @param inputs The files that esbuild has read.
 */
export function writeLicenses(root: string, inputs: readonly string[], output: string): void {
  const folders = new Set(inputs.flatMap((input) => packagePattern.exec(input)?.[0] ?? []))
  const texts = [...folders]
    .toSorted()
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map(describeLicense)
  writeFileSync(output, `This folder includes parts of these packages.\n\n${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`)
}

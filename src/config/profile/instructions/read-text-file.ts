import { readFile, stat } from 'node:fs/promises'

/** The text of a file, or what is wrong with it, as a sentence. `text` null: there is no such file. */
export type TextFileContent = { readonly text: string | null } | { readonly problem: string }

/** Reads a file in UTF-8, with or without a byte order mark, of at most `maxBytes`. Never rejects. */
export async function readTextFile(path: string, maxBytes: number): Promise<TextFileContent> {
  try {
    const found = await stat(path)
    // Reading something else, such as a named pipe, might never end.
    if (!found.isFile()) return { problem: 'It is not a file.' }
    if (found.size > maxBytes) return { problem: `It has ${found.size} bytes, and may have ${maxBytes} at most.` }
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (code === 'ENOENT') return { text: null }
    return { problem: code.includes('ENCODING') ? 'It is not in UTF-8.' : `It cannot be read (${code}).` }
  }
}

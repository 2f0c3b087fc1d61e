import { findLanguage } from '../../markdown/code/languages.ts'

/** The language of a file by the end of its name. Empty if it is not known. */
export function languageOfFile(path: string): string {
  const name = path.toLowerCase().split(/[\\/]/).at(-1) ?? ''
  const ending = name.includes('.') ? (name.split('.').at(-1) ?? '') : name
  return findLanguage(ending)?.id ?? ''
}

import { type Json, type ToolCall, parseToolCallArguments } from 'segue-client'
import { findText, isJsonObject, type JsonObject } from '../json-object.ts'
import { isDiff } from './is-diff.ts'
import { languageOfFile } from './language-of-file.ts'
import type { ToolValue } from './tool-value.ts'

const textKeys = ['content', 'contents', 'file_text', 'text', 'new_string'] as const

/** What a call was given, or as much of it as has arrived. */
export function readToolArguments(call: ToolCall): readonly ToolValue[] {
  const values = call.approvalAnswer?.arguments ?? parseToolCallArguments(call)
  if (!isJsonObject(values)) return call.argumentsText === '' ? [] : [toCode(call.argumentsText, 'json')]
  const { shown, keys } = readKnown(values)
  const rest = Object.entries(values).filter(([key]) => !keys.includes(key))
  return rest.length === 0 ? shown : [toFields(rest), ...shown]
}

interface KnownArguments {
  readonly shown: readonly ToolValue[]
  /** The arguments that `shown` shows. */
  readonly keys: readonly string[]
}

function readKnown(values: JsonObject): KnownArguments {
  const patchKey = ['patch', 'diff'].find((key) => isDiff(findText(values, key) ?? ''))
  if (patchKey !== undefined)
    return { shown: [{ kind: 'diff', diff: findText(values, patchKey) ?? '' }], keys: [patchKey] }
  const edit = readEdit(values)
  if (edit) return edit
  const commandKey = ['command', 'cmd', 'script'].find((key) => typeof values[key] === 'string')
  if (commandKey !== undefined) {
    return { shown: [toCode(findText(values, commandKey) ?? '', 'bash')], keys: [commandKey] }
  }
  const path = findText(values, 'path', 'file_path', 'filePath', 'filename')
  const textKey = textKeys.find((key) => typeof values[key] === 'string')
  if (path === null || textKey === undefined) return { shown: [], keys: [] }
  return { shown: [toCode(findText(values, textKey) ?? '', languageOfFile(path), path)], keys: [textKey] }
}

/** An edit that replaces a text by another one. */
function readEdit(values: JsonObject): KnownArguments | null {
  for (const [oldKey, newKey] of [
    ['old_string', 'new_string'],
    ['old_str', 'new_str'],
    ['oldText', 'newText'],
  ] as const) {
    const before = findText(values, oldKey)
    const after = findText(values, newKey)
    if (before === null || after === null) continue
    const diff = [...markLines('-', before), ...markLines('+', after)].join('\n')
    return { shown: [{ kind: 'diff', diff }], keys: [oldKey, newKey] }
  }
  return null
}

function markLines(mark: string, text: string): string[] {
  return text === '' ? [] : text.split('\n').map((line) => mark + line)
}

const maxFieldLength = 200 // UTF-16 code units

/** Short values with their names; else JSON. */
function toFields(entries: readonly (readonly [string, Json])[]): ToolValue {
  const fields = entries.map(
    ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
  )
  if (fields.every(([, value]) => value.length <= maxFieldLength && !value.includes('\n')))
    return { kind: 'fields', fields }
  return toCode(JSON.stringify(Object.fromEntries(entries), null, 2), 'json')
}

function toCode(code: string, language: string, label: string | null = null): ToolValue {
  return { kind: 'code', code, language, label }
}

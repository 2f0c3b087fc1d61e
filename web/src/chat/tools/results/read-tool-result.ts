import { type Json, type ToolCall, parseToolCallArguments } from 'segue-client'
import { parseToolResultContent, parseToolResultFile, type ToolResultElement } from 'segue-client/react'
import { findText, isJsonObject, type JsonObject } from '../json-object.ts'
import { isDiff } from './is-diff.ts'
import { languageOfFile } from './language-of-file.ts'
import { readSearchHits } from './read-search-hits.ts'
import type { ToolValue } from './tool-value.ts'

/** What a call has returned, as what people know: diffs, files, hits, images, outputs of commands; else JSON. */
export function readToolResult(call: ToolCall): readonly ToolValue[] {
  if (call.result === null) return []
  const content = parseToolResultContent(call.result)
  const values = parseToolCallArguments(call)
  const path = isJsonObject(values) ? findText(values, 'path', 'file_path', 'filePath', 'filename', 'file') : null
  if (content) return content.content.flatMap((element) => readElement(element, path))
  return readValue(call.result, path)
}

function readElement(element: ToolResultElement, path: string | null): readonly ToolValue[] {
  const file = parseToolResultFile(element)
  if (file) return [{ kind: 'file', file }]
  const { text } = element
  return typeof text === 'string' ? readText(text, path) : [toJsonCode(element)]
}

function readValue(value: Json, path: string | null): readonly ToolValue[] {
  if (typeof value === 'string') return readText(value, path)
  const hits = readSearchHits(value)
  if (hits) return [{ kind: 'hits', hits }]
  return isJsonObject(value) ? readObject(value, path) : [toJsonCode(value)]
}

function readText(text: string, path: string | null): readonly ToolValue[] {
  if (isDiff(text)) return [{ kind: 'diff', diff: text }]
  const json = /^\s*[[{]/.test(text) ? parseJson(text) : undefined
  if (json !== undefined) return readValue(json, path)
  const language = path === null ? '' : languageOfFile(path)
  if (language !== '') return [{ kind: 'code', code: text, language, label: path }]
  return text === '' ? [] : [{ kind: 'text', text }]
}

function readObject(value: JsonObject, path: string | null): readonly ToolValue[] {
  const diff = findText(value, 'diff', 'patch')
  if (diff !== null && isDiff(diff)) return [{ kind: 'diff', diff }]
  const error = findText(value, 'error')
  if (error && Object.keys(value).length <= 3) return [{ kind: 'error', text: error }]
  const output = readCommandOutput(value)
  if (output) return output
  const content = findText(value, 'content')
  if (content !== null) return readText(content, findText(value, 'path', 'file_path') ?? path)
  return [toJsonCode(value)]
}

/** What a command has written. Null for what is no output of a command. */
function readCommandOutput(value: JsonObject): readonly ToolValue[] | null {
  const exitCode = value['exit_code'] ?? value['exitCode'] ?? value['returncode']
  const output = findText(value, 'stdout', 'output')
  const errors = findText(value, 'stderr', 'error')
  if (output === null && errors === null) return null
  if (exitCode === undefined && findText(value, 'stdout', 'stderr') === null) return null
  return [
    ...(output ? [{ kind: 'code', code: trimEnd(output), language: '', label: null } as const] : []),
    ...(errors ? [{ kind: 'code', code: trimEnd(errors), language: '', label: 'stderr' } as const] : []),
    ...(exitCode ? [{ kind: 'text', text: `exit code ${JSON.stringify(exitCode)}` } as const] : []),
  ]
}

function toJsonCode(value: unknown): ToolValue {
  return { kind: 'code', code: JSON.stringify(value, null, 2), language: 'json', label: null }
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function trimEnd(text: string): string {
  return text.replace(/\n+$/, '')
}

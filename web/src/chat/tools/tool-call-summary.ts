import { type Json, type ToolCall, parseToolCallArguments } from 'segue-client'
import { isJsonObject, type JsonObject } from './json-object.ts'

/** What a tool works with, by the arguments that say so: the most telling ones first. */
const subjects = {
  command: ['command', 'cmd', 'script'],
  search: ['query', 'q', 'pattern', 'search', 'regex'],
  file: ['path', 'file_path', 'filePath', 'filename', 'file', 'target_file', 'directory'],
  web: ['url', 'urls', 'uri'],
  other: ['question', 'prompt', 'task', 'goal', 'title', 'name', 'text', 'message', 'expression', 'code', 'id'],
} as const

export type ToolSubject = keyof typeof subjects

export interface ToolCallSummary {
  /** The name without that of its server. */
  readonly name: string
  /** The MCP server. Null for other tools. */
  readonly server: string | null
  readonly subject: ToolSubject
  /** The argument that says most, in one line. Empty if there is none, or none yet. */
  readonly detail: string
}

const maxDetailLength = 300 // UTF-16 code units

/** Says in one line what a call does, also while its arguments arrive. */
export function summarizeToolCall(call: ToolCall): ToolCallSummary {
  const [server, name] = splitName(call.name)
  const values = parseToolCallArguments(call)
  const found = isJsonObject(values) ? findSubject(values) : findPartialSubject(call.argumentsText)
  return { name, server, subject: found?.subject ?? 'other', detail: toLine(found?.detail ?? '') }
}

interface FoundSubject {
  readonly subject: ToolSubject
  readonly detail: string
}

function findSubject(values: JsonObject): FoundSubject | null {
  for (const [subject, key] of listSubjectKeys()) {
    const text = toText(values[key])
    if (text) return { subject, detail: text }
  }
  return null
}

/** Of arguments of which only the beginning is there. */
function findPartialSubject(argumentsText: string): FoundSubject | null {
  const beginning = argumentsText.slice(0, 2000)
  for (const [subject, key] of listSubjectKeys()) {
    const text = new RegExp(`"${key}"\\s*:\\s*"((?:[^"\\\\]|\\\\.)*)`).exec(beginning)?.[1]
    if (text) return { subject, detail: text.replaceAll(/\\n/g, ' ').replaceAll(/\\(.)/g, '$1') }
  }
  return null
}

function listSubjectKeys(): (readonly [ToolSubject, string])[] {
  const all = ['command', 'search', 'file', 'web', 'other'] as const
  return all.flatMap((subject) => subjects[subject].map((key) => [subject, key] as const))
}

function toText(value: Json | undefined): string {
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'string').join(', ')
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function toLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > maxDetailLength ? `${line.slice(0, maxDetailLength)}…` : line
}

/** `files__read` is the tool `read` of the MCP server `files`. */
function splitName(name: string): [server: string | null, name: string] {
  const separator = name.indexOf('__')
  return separator > 0 ? [name.slice(0, separator), name.slice(separator + 2)] : [null, name]
}

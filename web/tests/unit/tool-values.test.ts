import { type Json, type ToolCall } from 'segue-client'
import { describe, expect, test } from 'vitest'
import { readToolArguments } from '../../src/chat/tools/results/read-tool-arguments.ts'
import { readToolResult } from '../../src/chat/tools/results/read-tool-result.ts'
import { summarizeToolCall } from '../../src/chat/tools/tool-call-summary.ts'

const newCall = (overrides: Partial<ToolCall> = {}): ToolCall => ({
  id: 'call_1',
  providerId: null,
  name: 'files__read',
  argumentsText: '{}',
  argumentsWhole: true,
  state: 'SUCCEEDED',
  result: null,
  error: null,
  startedAt: null,
  finishedAt: null,
  ...overrides,
})
const withArguments = (values: Json) => newCall({ argumentsText: JSON.stringify(values) })
const read = (result: Json, values: Json = {}) =>
  readToolResult(newCall({ result, argumentsText: JSON.stringify(values) }))
const diff = '--- a/x.ts\n+++ b/x.ts\n@@ -1 +1 @@\n-a\n+b\n'

describe('a tool call in one line', () => {
  test('names the tool without its server, and what it works with', () => {
    expect(summarizeToolCall(withArguments({ encoding: 'utf8', path: 'src/a.ts' }))).toEqual({
      name: 'read',
      server: 'files',
      subject: 'file',
      detail: 'src/a.ts',
    })
    expect(summarizeToolCall({ ...withArguments({ command: 'ls\n-l' }), name: 'shell' })).toMatchObject({
      name: 'shell',
      server: null,
      subject: 'command',
      detail: 'ls -l',
    })
  })

  test('says what it works with as soon as that has arrived', () => {
    const call = newCall({ argumentsText: '{"query": "how to \\"quote', argumentsWhole: false, state: 'STREAMING' })
    expect(summarizeToolCall(call)).toMatchObject({ subject: 'search', detail: 'how to "quote' })
    expect(summarizeToolCall({ ...call, argumentsText: '{"qu' }).detail).toBe('')
  })
})

describe('the arguments of a tool call', () => {
  test('an edit is shown as what it removes and adds', () => {
    expect(readToolArguments(withArguments({ path: 'a', old_string: 'x\ny', new_string: 'z' }))).toEqual([
      { kind: 'fields', fields: [['path', 'a']] },
      { kind: 'diff', diff: '-x\n-y\n+z' },
    ])
  })

  test('a file that is written is shown as code of its language, a command as one', () => {
    expect(readToolArguments(withArguments({ path: 'a.py', content: 'pass' }))).toEqual([
      { kind: 'fields', fields: [['path', 'a.py']] },
      { kind: 'code', code: 'pass', language: 'python', label: 'a.py' },
    ])
    expect(readToolArguments(withArguments({ command: 'ls' }))).toEqual([
      { kind: 'code', code: 'ls', language: 'bash', label: null },
    ])
  })

  test('what a person has put in their place is shown instead', () => {
    const call = { ...withArguments({ path: 'a' }), approvalAnswer: { arguments: { path: 'b' } } }
    expect(readToolArguments(call)).toEqual([{ kind: 'fields', fields: [['path', 'b']] }])
  })

  test('those that are no object, or no JSON, are shown as they came', () => {
    expect(readToolArguments(newCall({ argumentsText: '{"a": ' }))).toEqual([
      { kind: 'code', code: '{"a": ', language: 'json', label: null },
    ])
    expect(readToolArguments(newCall({ argumentsText: '' }))).toEqual([])
  })
})

describe('the result of a tool call', () => {
  test('a diff is a diff, also within an object', () => {
    expect(read(diff)).toEqual([{ kind: 'diff', diff }])
    expect(read({ success: true, diff })).toEqual([{ kind: 'diff', diff }])
    expect(read('- a list\n- of things')).toEqual([{ kind: 'text', text: '- a list\n- of things' }])
  })

  test('the content of a file is code of its language', () => {
    expect(read('let a', { path: 'src/a.ts' })).toEqual([
      { kind: 'code', code: 'let a', language: 'typescript', label: 'src/a.ts' },
    ])
    expect(read({ content: 'x = 1', total_lines: 1 }, { path: 'a.py' })).toMatchObject([{ language: 'python' }])
  })

  test('hits of a search are links with what was found, also as JSON in a text, and deep in an object', () => {
    const hit = { title: 'Streams', url: 'https://example.com/', description: 'About streams' }
    const hits = [{ title: 'Streams', url: 'https://example.com/', text: 'About streams' }]
    expect(read([hit])).toEqual([{ kind: 'hits', hits }])
    expect(read(JSON.stringify({ success: true, data: { web: [hit] } }))).toEqual([{ kind: 'hits', hits }])
    expect(read({ matches: [{ path: 'a.ts', line_number: 3, content: 'let a' }] })).toEqual([
      { kind: 'hits', hits: [{ title: 'a.ts:3', url: null, text: 'let a' }] },
    ])
  })

  test('the output of a command has its errors and its exit code', () => {
    expect(read({ stdout: 'ok\n', stderr: 'slow', exit_code: 2 })).toEqual([
      { kind: 'code', code: 'ok', language: '', label: null },
      { kind: 'code', code: 'slow', language: '', label: 'stderr' },
      { kind: 'text', text: 'exit code 2' },
    ])
    expect(read({ output: 'ok', exit_code: 0, error: null })).toEqual([
      { kind: 'code', code: 'ok', language: '', label: null },
    ])
  })

  test('images and files of a result are files', () => {
    const file = { type: 'image', mediaType: 'image/png', name: 'a.png', size: 3, url: '/files/abc.png' }
    expect(read({ content: [{ type: 'text', text: 'Here' }, file] })).toEqual([
      { kind: 'text', text: 'Here' },
      { kind: 'file', file },
    ])
  })

  test('anything else is JSON', () => {
    expect(read({ a: [1] })).toEqual([
      { kind: 'code', code: '{\n  "a": [\n    1\n  ]\n}', language: 'json', label: null },
    ])
    expect(read(null)).toEqual([])
  })
})

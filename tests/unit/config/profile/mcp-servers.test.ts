import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newTestSettings } from '../../../support/config/test-settings.ts'

const { homedir, home, config, read, readProblems, writeConfig } = newTestSettings()

describe('an MCP server', () => {
  const safe = { HOME: '/home/me', PATH: '/bin', LANG: 'C', LC_ALL: 'C' }
  const program = { type: 'stdio', command: 'npx', args: [], env: safe, cwd: '', secrets: [] }

  test('is a program with its environment, or a URL with its headers', () => {
    writeConfig({
      mcpServers: {
        files: { command: '~/bin/files', args: ['-y', '.'], env: { LEVEL: 'debug' }, cwd: 'notes' },
        GitHub_2: { url: 'https://example.com/mcp', headers: { Authorization: 'Bearer abcdef' } },
        old: { type: 'sse', url: 'http://127.0.0.1:1/sse' },
        new: { type: 'streamable-http', url: 'http://127.0.0.1:1/mcp?key=word1' },
      },
    })
    const { mcpServers, warnings } = read([], { ...safe, OPENAI_API_KEY: 'sk-1', SEGUE_PORT: '1' })
    expect(mcpServers).toEqual([
      {
        ...program,
        name: 'files',
        command: join(homedir, 'bin/files'),
        args: ['-y', '.'],
        env: { ...safe, LEVEL: 'debug' },
        cwd: join(home, 'notes'),
        secrets: ['debug'],
      },
      {
        type: 'http',
        name: 'GitHub_2',
        url: 'https://example.com/mcp',
        headers: { Authorization: 'Bearer abcdef' },
        secrets: ['Bearer abcdef', 'abcdef'],
      },
      { type: 'sse', name: 'old', url: 'http://127.0.0.1:1/sse', headers: {}, secrets: [] },
      { type: 'http', name: 'new', url: 'http://127.0.0.1:1/mcp?key=word1', headers: {}, secrets: ['word1'] },
    ])
    expect(warnings).toEqual([])
  })

  test('is left out if it is disabled, or not enabled', () => {
    writeConfig({
      mcpServers: { a: { command: 'a', disabled: true }, b: { command: 'b', enabled: false, timeout: 1 } },
    })
    expect(read()).toMatchObject({ mcpServers: [], warnings: [] })
  })

  test('has its variables interpolated; their values are secret unless every program may see them', () => {
    writeConfig({
      mcpServers: {
        a: {
          command: '${BIN:-npx}',
          args: ['--token=${TOKEN}', '${HOME}/notes'],
          env: { KEY: '${env:KEY}', LEVEL: '${LEVEL:-info}' },
        },
        b: { url: 'https://${DOMAIN}/mcp', headers: { 'x-key': '${KEY}!' } },
      },
    })
    const env = { ...safe, BIN: '', TOKEN: 'token1', KEY: 'key-1', DOMAIN: 'example.com' }
    expect(read([], env)).toMatchObject({
      warnings: [],
      mcpServers: [
        {
          command: 'npx',
          args: ['--token=token1', '/home/me/notes'],
          env: { ...safe, KEY: 'key-1', LEVEL: 'info' },
          cwd: home,
          secrets: ['key-1', 'info', 'token1'],
        },
        { url: 'https://example.com/mcp', headers: { 'x-key': 'key-1!' }, secrets: ['key-1!', 'example.com', 'key-1'] },
      ],
    })
  })

  test('keeps a variable that is not set unchanged, which causes a warning', () => {
    writeConfig({ mcpServers: { a: { command: 'npx', args: ['${ONE}', '${ONE}'], env: { B: 'x${TWO}' } } } })
    const { mcpServers, warnings } = read()
    expect(mcpServers).toMatchObject([{ args: ['${ONE}', '${ONE}'], env: { B: 'x${TWO}' } }])
    expect(warnings).toEqual([
      `${config}: mcpServers.a: Environment variable TWO is not set. \${TWO} stays unchanged.`,
      `${config}: mcpServers.a: Environment variable ONE is not set. \${ONE} stays unchanged.`,
    ])
  })

  test('may have keys of other clients, which cause warnings', () => {
    writeConfig({
      mcpServers: {
        a: { command: 'npx', timeout: 60, autoApprove: ['x'], headers: { Key: 'secret' } },
        b: { url: 'http://127.0.0.1:1', env: { KEY: 'secret' }, description: 'secret' },
      },
    })
    expect(read().warnings).toEqual(
      ['a.headers', 'a.timeout', 'a.autoApprove', 'b.env', 'b.description'].map(
        (key) => `${config}: mcpServers.${key}: Unknown key. It is ignored.`,
      ),
    )
  })

  test.each<[string, unknown, string]>([
    ['', [], 'Must be an object of servers by name.'],
    ['.a b', { 'a b': { command: 'x' } }, 'Invalid name. Must be 1 to 40 characters: a-z, A-Z'],
    [
      '.a__b',
      { a__b: { command: 'x' } },
      'Invalid name. Must be 1 to 40 characters: a-z, A-Z, 0-9, - and _. The first must be a letter or a digit. Must not contain __',
    ],
    [
      '.a_',
      { a_: { command: 'x' } },
      'Invalid name. Must be 1 to 40 characters: a-z, A-Z, 0-9, - and _. The first must be a letter or a digit. Must not contain __ or end with _.',
    ],
    ['.a', { a: 'npx' }, 'Must be an object with a command or a url.'],
    ['.a.command', { a: {} }, 'Missing. Set command, or url for a remote server.'],
    ['.a.command', { a: { command: '' } }, 'Must be the name or the path of a program.'],
    ['.a.url', { a: { command: 'x', url: 'http://x' } }, 'Must not be set together with command.'],
    ['.a.url', { a: { url: 'ftp://x' } }, 'Must be an http or https URL'],
    ['.a.url', { a: { url: 'http://me:pass@x' } }, 'Must be an http or https URL without a password.'],
    ['.a.url', { a: { url: 1 } }, 'Must be an http or https URL.'],
    ['.a.type', { a: { type: 'http', command: 'x' } }, 'Must be stdio with command, http or sse with url.'],
    ['.a.type', { a: { type: 'stdio', url: 'http://x' } }, 'Must be stdio with command, http or sse with url.'],
    ['.a.type', { a: { type: 'ws', url: 'http://x' } }, 'Must be stdio, http or sse.'],
    ['.a.args', { a: { command: 'x', args: '-y' } }, 'Must be a list of strings.'],
    ['.a.args.1', { a: { command: 'x', args: ['-y', 1] } }, 'Must be a string.'],
    ['.a.env.PORT', { a: { command: 'x', env: { PORT: 1 } } }, 'Must be a string.'],
    ['.a.env.A=B', { a: { command: 'x', env: { 'A=B': '' } } }, 'Invalid variable name.'],
    ['.a.headers.a b', { a: { url: 'http://x', headers: { 'a b': '' } } }, 'Invalid header name.'],
    ['.a.headers.a', { a: { url: 'http://x', headers: { a: 'x\ny' } } }, 'Must be a valid header value.'],
    ['.a.disabled', { a: { command: 'x', disabled: 'yes' } }, 'Must be true or false.'],
  ])('is rejected at mcpServers%s of %j', (path, mcpServers, message) => {
    writeConfig({ mcpServers })
    expect(readProblems()).toEqual([expect.stringContaining(`${config}: mcpServers${path}: `)])
    expect(readProblems()[0]).toContain(`: ${message}`)
  })

  test('has all its problems reported at once, without its values', () => {
    writeConfig({
      mcpServers: { a: { type: 'http', args: ['secret', 1], env: { KEY: ['secret'] }, cwd: 1, disabled: 'secret' } },
    })
    expect(readProblems().map((problem) => problem.slice(config.length + 2).split(': ')[0])).toEqual([
      'mcpServers.a.args.1',
      'mcpServers.a.env.KEY',
      'mcpServers.a.cwd',
      'mcpServers.a.disabled',
      'mcpServers.a.command',
    ])
    expect(readProblems().join('\n')).not.toContain('secret')
  })
})

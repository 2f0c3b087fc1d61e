import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newTestSettings } from '../../../support/config/test-settings.ts'

const { homedir, home, config, read, readProblems, writeConfig } = newTestSettings()

describe('an MCP server', () => {
  const safe = { HOME: '/home/me', PATH: '/bin', LANG: 'C', LC_ALL: 'C' }
  const settings = { startTimeoutMs: 120_000, include: [], exclude: [], autoApprove: [], secrets: [] }
  const program = { ...settings, type: 'stdio', command: 'npx', args: [], env: safe, cwd: '' }

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
        prefix: 'files',
        command: join(homedir, 'bin/files'),
        args: ['-y', '.'],
        env: { ...safe, LEVEL: 'debug' },
        cwd: join(home, 'notes'),
        secrets: ['debug'],
      },
      {
        ...settings,
        type: 'http',
        isTypeAssumed: true,
        name: 'GitHub_2',
        prefix: 'GitHub_2',
        url: 'https://example.com/mcp',
        headers: { Authorization: 'Bearer abcdef' },
        secrets: ['Bearer abcdef', 'abcdef'],
      },
      {
        ...settings,
        type: 'sse',
        isTypeAssumed: false,
        name: 'old',
        prefix: 'old',
        url: 'http://127.0.0.1:1/sse',
        headers: {},
      },
      {
        ...settings,
        type: 'http',
        isTypeAssumed: false,
        name: 'new',
        prefix: 'new',
        url: 'http://127.0.0.1:1/mcp?key=word1',
        headers: {},
        secrets: ['word1'],
      },
    ])
    expect(warnings).toEqual([])
  })

  test.each([{ disabled: true }, { enabled: false }, { disabled: 'true' }, { isActive: false }])(
    'is not used if its entry has %j, even if the rest is invalid',
    (entry) => {
      writeConfig({ mcpServers: { a: { command: 'a', ...entry }, b: { ...entry, args: 1, more: 1 } } })
      const { mcpServers, warnings } = read()
      expect(mcpServers).toEqual([
        { type: 'unused', name: 'a', prefix: 'a', error: null },
        { type: 'unused', name: 'b', prefix: 'b', error: null },
      ])
      expect(warnings).toEqual([])
    },
  )

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
    writeConfig({
      mcpServers: { a: { command: 'npx', args: ['${ONE}', '${ONE}'], env: { B: 'x${TWO}', C: '${input:key}' } } },
    })
    const { mcpServers, warnings } = read()
    expect(mcpServers).toMatchObject([{ args: ['${ONE}', '${ONE}'], env: { B: 'x${TWO}', C: '${input:key}' } }])
    expect(warnings).toEqual([
      `${config}: mcpServers.a: Environment variable TWO is not set. \${TWO} stays unchanged.`,
      `${config}: mcpServers.a: Environment variable input:key is not set. \${input:key} stays unchanged.`,
      `${config}: mcpServers.a: Environment variable ONE is not set. \${ONE} stays unchanged.`,
    ])
  })

  test('may have unknown keys, which cause warnings unless they only describe it', () => {
    writeConfig({
      mcpServers: {
        a: { command: 'npx', oauth: { id: 1 }, headers: { Key: 'secret' } },
        b: { url: 'http://127.0.0.1:1', env: { KEY: 'secret' }, description: 'secret', icon: '🌍' },
      },
    })
    expect(read().warnings).toEqual(
      ['a.headers', 'a.oauth', 'b.env'].map((key) => `${config}: mcpServers.${key}: Unknown key. It is ignored.`),
    )
  })
})

describe('an MCP server as another client writes it', () => {
  const readServer = (entry: unknown) => {
    writeConfig({ mcpServers: { a: entry } })
    const { mcpServers, warnings } = read()
    expect(warnings).toEqual([])
    return mcpServers[0]
  }

  test.each<[string, unknown, object]>([
    ['Windsurf', { serverUrl: 'http://x/mcp' }, { type: 'http', url: 'http://x/mcp' }],
    ['Gemini CLI', { httpUrl: 'http://x/mcp', timeout: 5000 }, { url: 'http://x/mcp', startTimeoutMs: 5000 }],
    ['Goose', { type: 'streamable_http', uri: 'http://x', envs: {} }, { type: 'http', url: 'http://x' }],
    ['FastMCP', { url: 'http://x/sse' }, { type: 'sse', url: 'http://x/sse' }],
    ['FastMCP', { url: 'http://x/sse', transport: 'http' }, { type: 'http' }],
    ['VS Code', { type: 'http', url: 'http://x', headers: { 'X-Id': 7 } }, { type: 'http', headers: { 'X-Id': '7' } }],
    ['opencode', { type: 'remote', url: 'http://x', enabled: true }, { type: 'http' }],
    [
      'opencode',
      { type: 'local', command: ['npx', '-y', 'x'], environment: { A: 'b' } },
      { type: 'stdio', command: 'npx', args: ['-y', 'x'], env: { A: 'b' } },
    ],
    ['Smithery', { url: 'http://x', requestInit: { headers: { A: 'b' } } }, { headers: { A: 'b' } }],
    [
      'Codex',
      { command: 'x', startup_timeout_sec: 20, enabled_tools: ['a'], disabled_tools: ['b'] },
      { startTimeoutMs: 20_000, include: ['a'], exclude: ['b'] },
    ],
    [
      'Cline',
      { command: 'x', timeout: 60, autoApprove: ['read'], disabled: false },
      { startTimeoutMs: 60_000, autoApprove: ['read'] },
    ],
    [
      'Roo Code',
      { command: 'x', timeout: '300', alwaysAllow: ['read'], disabledTools: ['cut'] },
      { startTimeoutMs: 300_000, autoApprove: ['read'], exclude: ['cut'] },
    ],
    [
      'Gemini CLI',
      { command: 'x', trust: true, includeTools: ['read'], excludeTools: [] },
      { autoApprove: ['*'], include: ['read'] },
    ],
    [
      'a config with null',
      { command: 'x', url: null, args: null, env: { A: null, B: 1, C: true } },
      { command: 'x', args: [], env: { B: '1', C: 'true' } },
    ],
    ['a config with numbers', { command: 'x', args: ['--port', 80] }, { args: ['--port', '80'] }],
  ])('is understood: %s %j', (_client, entry, expected) => {
    expect(readServer(entry)).toMatchObject(expected)
  })

  test('removes an inherited variable with null', () => {
    writeConfig({ mcpServers: { a: { command: 'x', env: { HOME: null } } } })
    expect(read([], { HOME: '/home/me', PATH: '/bin' })).toMatchObject({ mcpServers: [{ env: { PATH: '/bin' } }] })
    expect(JSON.stringify(read([], { HOME: '/home/me' }).mcpServers)).not.toContain('HOME')
  })

  test('may start for two minutes by default, and for an hour at most', () => {
    expect(readServer({ command: 'x' })).toMatchObject({ startTimeoutMs: 120_000 })
    expect(readServer({ command: 'x', startSeconds: 45, timeout: 1 })).toMatchObject({ startTimeoutMs: 45_000 })
    expect(readServer({ command: 'x', timeout: 99_000_000 })).toMatchObject({ startTimeoutMs: 3_600_000 })
  })

  test.each<[string, unknown]>([
    [
      'a list with names',
      [
        { name: 'a', command: 'x' },
        { name: 'b', command: 'y' },
      ],
    ],
    ['the file of VS Code', { inputs: [], servers: { a: { command: 'x' }, b: { type: 'stdio', command: 'y' } } }],
    ['the file of Claude Desktop', { mcpServers: { a: { command: 'x' }, b: { command: 'y' } } }],
    ['no servers', []],
  ])('may be in %s', (title, mcpServers) => {
    writeConfig({ mcpServers })
    expect(read().mcpServers.map(({ name }) => name)).toEqual(title === 'no servers' ? [] : ['a', 'b'])
  })

  test('may be named servers', () => {
    writeConfig({ mcpServers: { servers: { command: 'x' } } })
    expect(read().mcpServers).toMatchObject([{ name: 'servers', command: 'x' }])
  })

  test('may be in a key named servers, which causes a warning', () => {
    writeConfig({ servers: { a: { command: 'x' } } })
    expect(read()).toMatchObject({
      mcpServers: [{ name: 'a' }],
      warnings: [`${config}: servers: Renamed to mcpServers. Use the new name.`],
    })
  })

  test('may have any name, of which the names of its tools keep what providers accept', () => {
    const names = ['a b', 'a.b', 'a_b', 'com.example/garden-mcp', 'Karten 🌍', '地图', '_x__y_', 'x'.repeat(60)]
    writeConfig({ mcpServers: Object.fromEntries(names.map((name) => [name, { command: 'x' }])) })
    const { mcpServers, warnings } = read()
    expect(warnings).toEqual([])
    expect(mcpServers.map(({ name }) => name)).toEqual(names)
    const prefixes = mcpServers.map(({ prefix }) => prefix)
    expect(prefixes).toEqual([
      expect.stringMatching(/^a_b-[0-9a-f]{8}$/),
      expect.stringMatching(/^a_b-[0-9a-f]{8}$/),
      'a_b',
      'com_example_garden-mcp',
      'Karten',
      expect.stringMatching(/^server-[0-9a-f]{8}$/),
      'x_y',
      'x'.repeat(40),
    ])
    expect(new Set(prefixes).size).toBe(names.length)
  })
})

describe('an invalid MCP server', () => {
  test.each<[string, unknown, string]>([
    ['', 'npx', 'Must be an object with a command or a url.'],
    ['', null, 'Must be an object with a command or a url.'],
    ['.command', {}, 'Missing. Set command, or url for a remote server.'],
    ['.command', { command: '' }, 'Must be the name or the path of a program.'],
    ['.url', { command: 'x', url: 'http://x' }, 'Must not be set together with command.'],
    ['.url', { url: 'ftp://x' }, 'Must be an http or https URL'],
    ['.url', { url: 'http://me:pass@x' }, 'Must be an http or https URL without a password.'],
    ['.url', { url: 1 }, 'Must be an http or https URL.'],
    ['.type', { type: 'http', command: 'x' }, 'Must be stdio with command, http or sse with url.'],
    ['.type', { type: 'stdio', url: 'http://x' }, 'Must be stdio with command, http or sse with url.'],
    ['.type', { type: 'ws', url: 'http://x' }, 'Must be stdio, http or sse.'],
    ['.args', { command: 'x', args: '-y' }, 'Must be a list of strings.'],
    ['.args.1', { command: 'x', args: ['-y', {}] }, 'Must be a string.'],
    ['.env.PORT', { command: 'x', env: { PORT: [1] } }, 'Must be a string.'],
    ['.env.A=B', { command: 'x', env: { 'A=B': '' } }, 'Invalid variable name.'],
    ['.headers.a b', { url: 'http://x', headers: { 'a b': '' } }, 'Invalid header name.'],
    ['.headers.a', { url: 'http://x', headers: { a: 'x\ny' } }, 'Must be a valid header value.'],
    ['.disabled', { command: 'x', disabled: 'yes' }, 'Must be true or false.'],
    ['.startSeconds', { command: 'x', timeout: 'soon' }, 'Must be a number of seconds greater than 0.'],
    ['.include', { command: 'x', include: 7 }, 'Must be a list of tool names or patterns.'],
  ])('costs only itself: at mcpServers.a%s of %j', (path, entry, message) => {
    writeConfig({ mcpServers: { a: entry, fine: { command: 'x' } } })
    const { mcpServers, warnings } = read()
    expect(mcpServers).toMatchObject([
      { type: 'unused', name: 'a', error: expect.stringContaining(message) },
      { type: 'stdio', name: 'fine' },
    ])
    expect(warnings).toEqual([expect.stringContaining(`${config}: mcpServers.a${path}: ${message}`)])
    expect(warnings[0]).toMatch(/ The server is not used\.$/)
  })

  test('has its unknown keys named, as one of them may be misspelt', () => {
    writeConfig({ mcpServers: { a: { comand: 'secret', args: ['x'], description: 'Files', cmd: null } } })
    const { mcpServers, warnings } = read()
    expect(warnings).toEqual([
      `${config}: mcpServers.a.comand: Unknown key. Correct or remove it. The server is not used.`,
      `${config}: mcpServers.a.command: Missing. Set command, or url for a remote server. The server is not used.`,
    ])
    expect(mcpServers).toMatchObject([
      { error: expect.stringContaining('comand: Unknown key. Correct or remove it. command: Missing.') },
    ])
    expect(JSON.stringify([warnings, mcpServers])).not.toContain('secret')
  })

  test('has all its problems reported at once, without its values', () => {
    const entry = { type: 'http', args: ['secret', {}], env: { KEY: ['secret'] }, cwd: 1, disabled: 'secret' }
    writeConfig({ mcpServers: { a: entry } })
    const { mcpServers, warnings } = read()
    expect(warnings.map((warning) => warning.slice(config.length + 2).split(': ')[0])).toEqual([
      'mcpServers.a.args.1',
      'mcpServers.a.env.KEY',
      'mcpServers.a.cwd',
      'mcpServers.a.disabled',
      'mcpServers.a.command',
    ])
    expect(JSON.stringify([warnings, mcpServers])).not.toContain('secret')
  })

  test.each(['npx', 1, [1]])('mcpServers of %j is no set of servers, which prevents a start', (mcpServers) => {
    writeConfig({ mcpServers })
    expect(readProblems()).toEqual([
      `${config}: mcpServers: ${typeof mcpServers === 'object' ? '' : `Invalid value ${JSON.stringify(mcpServers)}. `}Must be an object of servers by name.`,
    ])
  })
})

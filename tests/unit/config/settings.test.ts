import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isHelpRequested, helpText } from '../../../src/config/command-line/help.ts'
import { allSettings } from '../../../src/config/setting-definitions.ts'
import { readSettings, SettingsError, type Settings } from '../../../src/config/settings.ts'

let homedir: string
let home: string
let config: string

beforeEach(() => {
  homedir = mkdtempSync(join(tmpdir(), 'segue-settings-'))
  home = join(homedir, '.segue')
  config = join(home, 'config.json')
  mkdirSync(home)
})

afterEach(() => rmSync(homedir, { recursive: true, force: true }))

function read(argv: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Settings {
  return readSettings({ argv, env, homedir })
}

function problems(argv: readonly string[] = [], env: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    read(argv, env)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    expect(error.message.split('\n')).toEqual(error.problems)
    return error.problems
  }
  return []
}

const write = (value: unknown): void => writeFileSync(config, JSON.stringify(value))

describe('where a setting comes from', () => {
  test('with nothing given, everything has its default', () => {
    expect(read()).toEqual({
      port: 4000,
      host: '127.0.0.1',
      home,
      hermesHome: null,
      model: null,
      providers: null,
      mcpServers: [],
      approvals: {},
      generateTitles: true,
      autoCompactThreshold: 0.8,
      durable: false,
      offlineDelayMs: 120,
      limits: {
        streams: 1000,
        sockets: 10_000,
        operationsPerSocket: 100,
        modelSilenceSeconds: 120,
        stalledReaderSeconds: 30,
        stepsPerAnswer: 50,
        toolSeconds: 120,
        toolResultLength: 50_000,
        decisionSeconds: 300,
      },
      warnings: [],
    })
  })

  test('config.json wins over the default, the environment over that, and a flag over all', () => {
    write({ port: 1, offlineDelay: 1, durable: true, host: 'localhost' })
    const env = { SEGUE_PORT: '2', SEGUE_OFFLINE_DELAY: '2', SEGUE_DURABLE: '0' }
    expect(read(['--port', '3'], env)).toMatchObject({ port: 3, offlineDelayMs: 2, durable: false, host: 'localhost' })
  })

  test('a flag takes its value after a space or an equals sign, and the last one counts', () => {
    expect(read(['--port=1', '--host', '127.1.2.3', '--port', '0'])).toMatchObject({ port: 0, host: '127.1.2.3' })
  })

  test('an empty environment variable counts as one that is not set', () => {
    write({ port: 5 })
    expect(read([], { SEGUE_PORT: '', SEGUE_HOME: '', SEGUE_HOST: '' })).toMatchObject({ port: 5, host: '127.0.0.1' })
  })

  test('config.json is looked for in the home that was chosen', () => {
    write({ port: 5 })
    mkdirSync(join(homedir, 'other'))
    writeFileSync(join(homedir, 'other', 'config.json'), '\ufeff{"port": 6}')
    expect(read(['--home', '~/other']).port).toBe(6)
  })

  test.each([
    ['1', true],
    ['true', true],
    ['0', false],
    ['false', false],
  ])('SEGUE_DURABLE=%s means %s', (text, meant) => {
    expect(read([], { SEGUE_DURABLE: text }).durable).toBe(meant)
  })

  test('a tilde stands for the home directory, and a relative path is resolved', () => {
    expect(read(['--home', '~', '--hermes-home', 'some/where'])).toMatchObject({
      home: homedir,
      hermesHome: resolve('some/where'),
    })
    expect(read(['--home', '~other']).home).toBe(resolve('~other'))
  })

  test.each(['localhost', '127.0.0.1', '127.200.3.4', '::1'])('the host %s is a loopback one', (host) => {
    expect(read(['--host', host]).host).toBe(host)
  })

  test('[::1] is ::1', () => {
    expect(read(['--host', '[::1]']).host).toBe('::1')
  })
})

describe("Hermes' home", () => {
  const hermes = (): string => join(homedir, '.hermes')

  function installHermes(): void {
    mkdirSync(hermes())
    writeFileSync(join(hermes(), 'state.db'), '')
  }

  test('the usual one is used only when it holds a state.db', () => {
    mkdirSync(hermes())
    expect(read().hermesHome).toBeNull()
    writeFileSync(join(hermes(), 'state.db'), '')
    expect(read().hermesHome).toBe(hermes())
  })

  test('one that is named is used, also without a state.db', () => {
    expect(read([], { HERMES_HOME: '/no/such/place' }).hermesHome).toBe('/no/such/place')
  })

  test('a relative one in config.json begins at the home', () => {
    write({ hermesHome: 'agent' })
    expect(read().hermesHome).toBe(join(home, 'agent'))
  })

  test('--no-hermes turns it off, whatever else names it', () => {
    installHermes()
    expect(read(['--no-hermes'], { HERMES_HOME: hermes() }).hermesHome).toBeNull()
  })

  test('"hermes": false in config.json turns it off, and --hermes-home turns it on again', () => {
    installHermes()
    write({ hermes: false })
    expect(read([], { HERMES_HOME: hermes() }).hermesHome).toBeNull()
    expect(read(['--hermes-home', hermes()]).hermesHome).toBe(hermes())
  })
})

describe('providers', () => {
  test('each is resolved: the key from the environment or as it is, null where there is none', () => {
    write({
      model: 'local/test',
      providers: {
        local: {
          type: 'openai-compatible',
          baseURL: 'http://127.0.0.1:9999/v1',
          apiKeyEnv: 'LOCAL_KEY',
          models: ['test'],
        },
        claude: { type: 'anthropic', apiKey: 'given' },
        open: { type: 'openai' },
      },
    })
    expect(read([], { LOCAL_KEY: 'secret' })).toMatchObject({
      model: 'local/test',
      warnings: [],
      providers: [
        {
          name: 'local',
          type: 'openai-compatible',
          baseURL: 'http://127.0.0.1:9999/v1',
          apiKey: 'secret',
          models: ['test'],
        },
        { name: 'claude', type: 'anthropic', baseURL: null, apiKey: 'given', models: null },
        { name: 'open', type: 'openai', baseURL: null, apiKey: null, models: null },
      ],
    })
  })

  test('one whose variable is not set, or empty, stays without a key, and a warning tells', () => {
    write({ providers: { local: { type: 'openai', apiKeyEnv: 'LOCAL_KEY' } } })
    for (const env of [{}, { LOCAL_KEY: '' }]) {
      const { providers, warnings } = read([], env)
      expect(providers?.[0]?.apiKey).toBeNull()
      expect(warnings).toEqual([
        `${config}: providers.local.apiKeyEnv: the variable LOCAL_KEY is not set, so no key is sent`,
      ])
    }
  })

  test.each(['openai/gpt', 'anthropic/claude', 'ollama/llama3:8b', 'ollama/a/b', 'offline/eliza'])(
    'without any configured, %s can be named',
    (model) => {
      expect(read(['--model', model]).model).toBe(model)
    },
  )

  test.each(['gpt', '/gpt', 'openai/', 'other/gpt', 'offline/parry'])(
    'without any configured, %s is refused',
    (model) => {
      expect(problems(['--model', model])).toEqual([expect.stringMatching(/^--model: (Invalid|Unknown) .*"/)])
    },
  )

  test('with some configured, only their models and the offline one can be named', () => {
    write({ providers: { local: { type: 'openai', models: ['test'] }, open: { type: 'openai' } } })
    for (const model of ['local/test', 'open/anything', 'offline/eliza'])
      expect(read(['--model', model]).model).toBe(model)
    expect(problems(['--model', 'openai/gpt'])).toEqual([
      '--model: Unknown provider in model "openai/gpt". Configured providers: local, open, offline.',
    ])
    expect(problems([], { SEGUE_MODEL: 'local/other' })).toEqual([
      'SEGUE_MODEL: Unknown model "local/other". Models of this provider: local/test.',
    ])
  })
})

describe('MCP servers', () => {
  const safe = { HOME: '/home/me', PATH: '/bin', LANG: 'C', LC_ALL: 'C' }
  const program = { type: 'stdio', command: 'npx', args: [], env: safe, cwd: '', secrets: [] }

  test('each is resolved: a program with its whole environment, an address with its headers', () => {
    write({
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

  test('one that is disabled is none, also in the words of those who say enabled', () => {
    write({ mcpServers: { a: { command: 'a', disabled: true }, b: { command: 'b', enabled: false, timeout: 1 } } })
    expect(read()).toMatchObject({ mcpServers: [], warnings: [] })
  })

  test('variables are filled in, and what came from one is secret unless any program may see it', () => {
    write({
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

  test('a variable that is not set stays as it is written, and a warning tells', () => {
    write({ mcpServers: { a: { command: 'npx', args: ['${ONE}', '${ONE}'], env: { B: 'x${TWO}' } } } })
    const { mcpServers, warnings } = read()
    expect(mcpServers).toMatchObject([{ args: ['${ONE}', '${ONE}'], env: { B: 'x${TWO}' } }])
    expect(warnings).toEqual([
      `${config}: mcpServers.a: the variable TWO is not set, so \${TWO} stays as it is written`,
      `${config}: mcpServers.a: the variable ONE is not set, so \${ONE} stays as it is written`,
    ])
  })

  test('keys that other clients know are no error: a warning tells that they have no effect', () => {
    write({
      mcpServers: {
        a: { command: 'npx', timeout: 60, autoApprove: ['x'], headers: { Key: 'secret' } },
        b: { url: 'http://127.0.0.1:1', env: { KEY: 'secret' }, description: 'secret' },
      },
    })
    expect(read().warnings).toEqual(
      ['a.headers', 'a.timeout', 'a.autoApprove', 'b.env', 'b.description'].map(
        (key) => `${config}: mcpServers.${key}: nothing here knows it; it has no effect`,
      ),
    )
  })

  test.each<[string, unknown, string]>([
    ['', [], 'an object of servers by name'],
    ['.a b', { 'a b': { command: 'x' } }, 'named by 1 to 40 of a-z, A-Z'],
    ['.a__b', { a__b: { command: 'x' } }, 'without two _ in a row'],
    ['.a_', { a_: { command: 'x' } }, 'or one at the end'],
    ['.a', { a: 'npx' }, 'an object with at least a command or a url'],
    ['.a.command', { a: {} }, 'given, or a url instead'],
    ['.a.command', { a: { command: '' } }, 'the name of a program'],
    ['.a.url', { a: { command: 'x', url: 'http://x' } }, 'left out where a command is given'],
    ['.a.url', { a: { url: 'ftp://x' } }, 'an http or https URL'],
    ['.a.url', { a: { url: 'http://me:pass@x' } }, 'without a password'],
    ['.a.url', { a: { url: 1 } }, 'an http or https URL'],
    ['.a.type', { a: { type: 'http', command: 'x' } }, 'stdio for a command, http or sse for a url'],
    ['.a.type', { a: { type: 'stdio', url: 'http://x' } }, 'stdio for a command, http or sse for a url'],
    ['.a.type', { a: { type: 'ws', url: 'http://x' } }, 'one of stdio, http, sse'],
    ['.a.args', { a: { command: 'x', args: '-y' } }, 'a list of texts'],
    ['.a.args.1', { a: { command: 'x', args: ['-y', 1] } }, 'a text'],
    ['.a.env.PORT', { a: { command: 'x', env: { PORT: 1 } } }, 'a text'],
    ['.a.env.A=B', { a: { command: 'x', env: { 'A=B': '' } } }, 'named as variables are'],
    ['.a.headers.a b', { a: { url: 'http://x', headers: { 'a b': '' } } }, 'named as headers are'],
    ['.a.headers.a', { a: { url: 'http://x', headers: { a: 'x\ny' } } }, 'a text that can stand in a header'],
    ['.a.disabled', { a: { command: 'x', disabled: 'yes' } }, 'true or false'],
  ])('mcpServers%s is wrong in %j', (place, mcpServers, allowed) => {
    write({ mcpServers })
    expect(problems()).toEqual([expect.stringContaining(`${config}: mcpServers${place}: it has to be `)])
    expect(problems()[0]).toContain(allowed)
  })

  test('all that is wrong with one is named at once, and nothing of what it holds', () => {
    write({
      mcpServers: { a: { type: 'http', args: ['secret', 1], env: { KEY: ['secret'] }, cwd: 1, disabled: 'secret' } },
    })
    expect(problems().map((problem) => problem.slice(config.length + 2).split(': ')[0])).toEqual([
      'mcpServers.a.args.1',
      'mcpServers.a.env.KEY',
      'mcpServers.a.cwd',
      'mcpServers.a.disabled',
      'mcpServers.a.command',
    ])
    expect(problems().join('\n')).not.toContain('secret')
  })
})

describe('what is wrong', () => {
  test('everything is named in one message, with where it came from and what is allowed', () => {
    write({ port: '1', colour: 'red', providers: { local: { type: 'opanai' } }, model: 'lokal/x' })
    const found = problems(['--host', '0.0.0.0', '--prot', '1'], { SEGUE_OFFLINE_DELAY: '-1', SEGUE_DURABLE: 'yes' })
    expect(found).toEqual([
      expect.stringMatching(/^--prot: unknown flag; it has to be one of --port, .*--help$/),
      expect.stringContaining(`${config}: colour: unknown key; it has to be one of port, host`),
      `${config}: providers.local.type: it has to be one of openai, anthropic, openai-compatible`,
      `${config}: model: Unknown provider in model "lokal/x". Configured providers: local, offline.`,
      `${config}: port: "1" has to be an integer from 0 to 65535`,
      expect.stringMatching(/^--host: "0.0.0.0" has to be localhost, .* are not supported yet$/),
      'SEGUE_DURABLE: "yes" has to be 1, true, 0 or false',
      'SEGUE_OFFLINE_DELAY: "-1" has to be an integer from 0 to 60000',
    ])
  })

  test.each(['-1', '65536', '1.5', '1e3', '0x10', ' 80', 'abc', ''])('the port %j is refused', (port) => {
    expect(problems([`--port=${port}`])).toEqual([
      expect.stringMatching(/^--port: .* has to be an integer from 0 to 65535$/),
    ])
  })

  test.each(['0.0.0.0', '::', '192.168.1.2', 'example.com', '127.1', '127.0.0.1.example.com', '[127.0.0.1]'])(
    'the host %s is refused, for servers off loopback are not supported yet',
    (host) => {
      expect(problems(['--host', host])).toEqual([expect.stringContaining('not supported yet')])
    },
  )

  test('a value that another one wins over is wrong all the same', () => {
    expect(problems(['--port', '1'], { SEGUE_PORT: 'x' })).toEqual([expect.stringContaining('SEGUE_PORT')])
  })

  test('a flag without its value, a switch with one, a stray word and an unknown short flag are refused', () => {
    expect(problems(['--port', '--durable=1', 'word', '-p'])).toEqual([
      '--port: needs a value',
      expect.stringContaining('"word": flags begin with --'),
      expect.stringContaining('-p: unknown flag'),
    ])
    expect(problems(['--durable=1', '--no-hermes=x', '--model'])).toEqual([
      '--durable: takes no value',
      '--no-hermes: takes no value',
      '--model: needs a value',
    ])
  })

  test.each(['--constructor', '--__proto__=1', '--Port=1', '--no-port', '--hermes'])(
    'the flag %s is unknown',
    (flag) => {
      expect(problems([flag])).toEqual([expect.stringContaining(': unknown flag; ')])
    },
  )

  test('--no-hermes and --hermes-home contradict each other', () => {
    expect(problems(['--no-hermes', '--hermes-home', '/x'])).toEqual(['--no-hermes: contradicts --hermes-home'])
  })

  test('the home cannot be set in config.json', () => {
    write({ home: '/x' })
    expect(problems()).toEqual([expect.stringContaining(`${config}: home: unknown key`)])
  })

  test.each([
    ['{', 1, 2],
    ['{\n  "port": 1,\n}', 3, 1],
    ['{\n  "port": 4000\n  "host": 1}', 3, 3],
    ['{"model": "a\nb"}', 1, 11],
    ['{"port": 01}', 1, 11],
    ['{"a": [1, 2}', 1, 12],
    ['{"a": nul}', 1, 7],
    ['{} {}', 1, 4],
    ['', 1, 1],
  ])('%j is not JSON, and the message says where', (text, line, column) => {
    writeFileSync(config, text)
    expect(problems()).toEqual([`${config}: line ${line}, column ${column}: this is not JSON`])
  })

  test.each(['[]', 'null', '"port"', '4000'])('a config.json that is %s is refused: it is not an object', (text) => {
    writeFileSync(config, text)
    expect(problems()).toEqual([`${config}: it has to be an object, in braces`])
  })

  test('a config.json that cannot be read is an error, and one that is not there is none', () => {
    mkdirSync(config)
    expect(problems()).toEqual([`${config}: can't be read (EISDIR)`])
    rmSync(config, { recursive: true })
    expect(problems()).toEqual([])
    if (process.getuid?.() === 0) return // Root may read everything.
    write({})
    chmodSync(config, 0)
    expect(problems()).toEqual([`${config}: can't be read (EACCES)`])
  })

  test.each<[string, unknown, string]>([
    ['', [], 'an object of providers by name'],
    ['.Local', { Local: { type: 'openai' } }, 'named by 1 to 64 of a-z'],
    ['.offline', { offline: { type: 'openai' } }, 'not offline'],
    ['.a', { a: 'openai' }, 'an object with at least a type'],
    ['.a.type', { a: {} }, 'one of openai, anthropic, openai-compatible'],
    ['.a.baseURL', { a: { type: 'openai-compatible' } }, 'given for the type openai-compatible'],
    ['.a.baseURL', { a: { type: 'openai', baseURL: 'ftp://x' } }, 'an http or https URL'],
    ['.a.baseURL', { a: { type: 'openai', baseURL: 'localhost:80/v1' } }, 'an http or https URL'],
    ['.a.apiKey', { a: { type: 'openai', apiKey: 'x', apiKeyEnv: 'X' } }, 'left out where apiKeyEnv is given'],
    ['.a.models', { a: { type: 'openai', models: [] } }, 'a list of at least one model name'],
    ['.a.models.1', { a: { type: 'openai', models: ['x', ''] } }, 'a text that is not empty'],
  ])('providers%s is wrong in %j', (place, providers, allowed) => {
    write({ providers })
    expect(problems()).toEqual([expect.stringContaining(`${config}: providers${place}: it has to be `)])
    expect(problems()[0]).toContain(allowed)
  })

  test('an unknown key of a provider does not hide its other faults', () => {
    write({ providers: { a: { type: 'openai-compatible', apiKey: 'x', apiKeyEnv: 'X', url: 'http://x' } } })
    expect(problems().map((problem) => problem.slice(config.length + 2).split(': ')[0])).toEqual([
      'providers.a.url',
      'providers.a.baseURL',
      'providers.a.apiKey',
    ])
  })

  test('a key is never in a message, wherever it was put', () => {
    const secret = 'sk-aBc123xYz'
    const texts = [
      { providers: { a: { type: 'openai', apiKey: secret, apiKeyEnv: 'X' } } },
      { providers: { a: { type: 'openai', apiKeyEnv: secret } } },
      { providers: { a: { type: secret, apiKey: [secret] } } },
      { providers: { a: secret } },
    ].map((value) => JSON.stringify(value))
    for (const text of [...texts, `{"apiKey": ${secret}}`, `{"apiKey": "${secret}" x}`]) {
      writeFileSync(config, text)
      expect(problems()).not.toEqual([])
      expect(problems().join('\n')).not.toContain(secret)
    }
    rmSync(config)
    expect(problems(['--api-key', secret]).join('\n')).toMatch(/^--api-key: unknown flag; (?!.*sk-)/)
    expect(problems([`--api-key=${secret}`]).join('\n')).toMatch(/^--api-key: unknown flag; (?!.*sk-)/)
  })
})

describe('the help', () => {
  test('names every flag, variable, key and default', () => {
    for (const { flag, env, key, default: fallback } of allSettings) {
      if (flag !== null) expect(helpText).toContain(`--${flag}`)
      if (env !== null) expect(helpText).toContain(env)
      if (key !== null) expect(helpText).toContain(`"${key}"`)
      expect(helpText).toContain(`Default: ${fallback}.`)
    }
  })

  test('is asked for by --help and by -h', () => {
    expect(isHelpRequested(['--port', '1', '--help'])).toBe(true)
    expect(isHelpRequested(['-h'])).toBe(true)
    expect(isHelpRequested(['--port', '1'])).toBe(false)
  })
})

import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { localAccess } from '../../support/config/local-access.ts'
import { newTestSettings } from '../../support/config/test-settings.ts'

const { homedir, home, config, read, readProblems, writeConfig } = newTestSettings()

describe('the value of a setting', () => {
  test('is its default if nothing is set', () => {
    expect(read()).toEqual({
      port: 4000,
      ...localAccess,
      home,
      hermesHome: null,
      model: null,
      providers: null,
      mcpServers: [],
      approvals: {},
      generateTitles: true,
      offersClarify: true,
      autoCompactThreshold: 0.8,
      prices: {},
      budgets: { answer: null, day: null },
      currency: 'USD',
      database: null,
      durable: false,
      logLevel: 'info',
      graceMs: 10_000,
      trustedDocuments: { documents: new Map(), only: false },
      offlineDelayMs: 120,
      limits: {
        streams: 1000,
        sockets: 10_000,
        requestsPerMinute: 600,
        unauthenticatedRequestsPerMinute: 60,
        connectionsPerToken: 100,
        socketsPerToken: 50,
        subscriptionsPerToken: 500,
        operationsPerSocket: 100,
        modelIdleSeconds: 120,
        modelProgressSeconds: 600,
        retrySeconds: 60,
        slowConsumerSeconds: 30,
        stepsPerAnswer: 50,
        concurrentJobs: 4,
        toolSeconds: 120,
        toolResultLength: 50_000,
        depth: 15,
        rootFields: 30,
        aliases: 50,
        directives: 50,
        tokens: 4000,
        cost: 100_000,
        requestBytes: 16_777_216,
        querySeconds: 10,
        decisionSeconds: 300,
      },
      warnings: [],
    })
  })

  test('comes from a flag, the environment, config.json or the default, in this order', () => {
    writeConfig({ port: 1, offlineDelay: 1, durable: true, host: 'localhost' })
    const env = { SEGUE_PORT: '2', SEGUE_OFFLINE_DELAY: '2', SEGUE_DURABLE: '0' }
    expect(read(['--port', '3'], env)).toMatchObject({ port: 3, offlineDelayMs: 2, durable: false, host: 'localhost' })
  })

  test('follows its flag after a space or an equals sign; of repeated flags the last one wins', () => {
    expect(read(['--port=1', '--host', '127.1.2.3', '--port', '0'])).toMatchObject({ port: 0, host: '127.1.2.3' })
  })

  test('that is a list comes from a repeated flag, a variable with commas, or an array, which do not add up', () => {
    writeConfig({ allowOrigins: ['http://localhost:1', 'https://app.example.com'] })
    expect(read().allowedOrigins).toEqual(['http://localhost:1', 'https://app.example.com'])
    const env = { SEGUE_ALLOW_ORIGIN: 'http://localhost:2, http://[::1]:2' }
    expect(read([], env).allowedOrigins).toEqual(['http://localhost:2', 'http://[::1]:2'])
    const argv = ['--allow-origin', 'http://localhost:3', '--port', '3', '--allow-origin=http://127.0.0.1:3']
    expect(read(argv, env).allowedOrigins).toEqual(['http://localhost:3', 'http://127.0.0.1:3'])
  })

  test('does not come from an empty environment variable', () => {
    writeConfig({ port: 5 })
    expect(read([], { SEGUE_PORT: '', SEGUE_HOME: '', SEGUE_HOST: '' })).toMatchObject({ port: 5, host: '127.0.0.1' })
  })

  test('comes from the config.json of the selected home', () => {
    writeConfig({ port: 5 })
    mkdirSync(join(homedir, 'other'))
    writeFileSync(join(homedir, 'other', 'config.json'), '\ufeff{"port": 6}')
    expect(read(['--home', '~/other']).port).toBe(6)
  })

  test.each([
    ['1', true],
    ['true', true],
    ['0', false],
    ['false', false],
  ])('is parsed as a boolean: SEGUE_DURABLE=%s is %s', (text, expected) => {
    expect(read([], { SEGUE_DURABLE: text }).durable).toBe(expected)
  })

  test('may be a path that begins with a tilde, or a relative path', () => {
    expect(read(['--home', '~', '--hermes-home', 'some/where'])).toMatchObject({
      home: homedir,
      hermesHome: resolve('some/where'),
    })
    expect(read(['--home', '~other']).home).toBe(resolve('~other'))
  })

  test.each(['localhost', '127.0.0.1', '127.200.3.4', '::1'])('may be the loopback host %s', (host) => {
    expect(read(['--host', host]).host).toBe(host)
  })

  test('is ::1 for the host [::1]', () => {
    expect(read(['--host', '[::1]']).host).toBe('::1')
  })
})

describe('the Hermes home', () => {
  const hermes = (): string => join(homedir, '.hermes')

  function installHermes(): void {
    mkdirSync(hermes())
    writeFileSync(join(hermes(), 'state.db'), '')
  }

  test('defaults to ~/.hermes if that contains a state.db', () => {
    mkdirSync(hermes())
    expect(read().hermesHome).toBeNull()
    writeFileSync(join(hermes(), 'state.db'), '')
    expect(read().hermesHome).toBe(hermes())
  })

  test('may lack a state.db if it is set explicitly', () => {
    expect(read([], { HERMES_HOME: '/no/such/place' }).hermesHome).toBe('/no/such/place')
  })

  test('is relative to the Segue home in config.json', () => {
    writeConfig({ hermesHome: 'agent' })
    expect(read().hermesHome).toBe(join(home, 'agent'))
  })

  test('is disabled by --no-hermes, whatever else sets it', () => {
    installHermes()
    expect(read(['--no-hermes'], { HERMES_HOME: hermes() }).hermesHome).toBeNull()
  })

  test('is disabled by "hermes": false in config.json, and enabled again by --hermes-home', () => {
    installHermes()
    writeConfig({ hermes: false })
    expect(read([], { HERMES_HOME: hermes() }).hermesHome).toBeNull()
    expect(read(['--hermes-home', hermes()]).hermesHome).toBe(hermes())
  })
})

describe('a limit under its former name', () => {
  const renamed = (key: string, name: string): string =>
    `${config}: limits.${key}: Renamed to ${name}. Use the new name.`

  test('is accepted, with a warning that gives the new name', () => {
    writeConfig({ limits: { modelSilenceSeconds: 60, stalledReaderSeconds: 20, streams: 5 } })
    expect(read()).toMatchObject({
      limits: { modelIdleSeconds: 60, slowConsumerSeconds: 20, streams: 5, toolSeconds: 120 },
      warnings: [
        renamed('modelSilenceSeconds', 'modelIdleSeconds'),
        renamed('stalledReaderSeconds', 'slowConsumerSeconds'),
      ],
    })
  })

  test('is ignored, with a warning, if the new name is set as well', () => {
    for (const limits of [
      { modelSilenceSeconds: 60, modelIdleSeconds: 50 },
      { modelIdleSeconds: 50, modelSilenceSeconds: 60 },
    ]) {
      writeConfig({ limits })
      const settings = read()
      expect(settings.limits.modelIdleSeconds).toBe(50)
      expect(settings.limits).not.toHaveProperty('modelSilenceSeconds')
      expect(settings.warnings).toEqual([
        `${config}: limits.modelSilenceSeconds: Ignored, because its new name modelIdleSeconds is set as well. Remove it.`,
      ])
    }
  })

  test('is checked under the new name', () => {
    writeConfig({ limits: { modelSilenceSeconds: 0 } })
    expect(readProblems()).toEqual([
      `${config}: limits.modelIdleSeconds: Must be a number of seconds above 0, up to 86400.`,
    ])
  })

  test('is not among the allowed keys', () => {
    writeConfig({ limits: { silence: 1 } })
    expect(readProblems()).toEqual([
      `${config}: limits.silence: Unknown key. Allowed keys: streams, sockets, requestsPerMinute, unauthenticatedRequestsPerMinute, connectionsPerToken, socketsPerToken, subscriptionsPerToken, operationsPerSocket, modelIdleSeconds, modelProgressSeconds, retrySeconds, stepsPerAnswer, concurrentJobs, toolSeconds, decisionSeconds, toolResultLength, slowConsumerSeconds, depth, rootFields, aliases, directives, tokens, cost, requestBytes, querySeconds, answerBudget, dayBudget.`,
    ])
  })
})

describe('a problem', () => {
  test('is a key such as __proto__, wherever it is', () => {
    writeFileSync(
      config,
      '{"__proto__": {"port": 1}, "constructor": 1, "providers": {"__proto__": {}}, "limits": {"__proto__": {"cost": 1}}}',
    )
    expect(readProblems()).toEqual(
      expect.arrayContaining([
        expect.stringContaining(`${config}: __proto__: Unknown key.`),
        expect.stringContaining(`${config}: constructor: Unknown key.`),
        `${config}: providers.__proto__: This key is not allowed. Use another name.`,
        expect.stringContaining(`${config}: limits.__proto__: Unknown key.`),
      ]),
    )
  })

  test('is reported with all others, each with its source and the allowed values', () => {
    writeConfig({ port: '1', colour: 'red', providers: { local: { type: 'opanai' } }, model: 'lokal/x' })
    const problems = readProblems(['--host', '0.0.0.0:80', '--prot', '1'], {
      SEGUE_OFFLINE_DELAY: '-1',
      SEGUE_DURABLE: 'yes',
    })
    expect(problems).toEqual([
      expect.stringMatching(/^--prot: Unknown flag\. Known flags: --port, .*--help\.$/),
      expect.stringContaining(`${config}: colour: Unknown key. Allowed keys: port, host`),
      `${config}: providers.local.type: Must be one of openai, anthropic, azure, openai-compatible.`,
      `${config}: model: Unknown provider in model "lokal/x". Configured providers: local, offline.`,
      `${config}: port: Invalid value "1". Must be an integer from 0 to 65535.`,
      expect.stringMatching(/^--host: Invalid value "0.0.0.0:80"\. Must be the name of a host or an IP address.*\.$/),
      'SEGUE_DURABLE: Invalid value "yes". Must be 1, true, 0 or false.',
      'SEGUE_OFFLINE_DELAY: Invalid value "-1". Must be an integer from 0 to 60000.',
    ])
  })

  test.each(['-1', '65536', '1.5', '1e3', '0x10', ' 80', 'abc', ''])('is reported for the port %j', (port) => {
    expect(readProblems([`--port=${port}`])).toEqual([
      expect.stringMatching(/^--port: Invalid value .*\. Must be an integer from 0 to 65535\.$/),
    ])
  })

  test.each(['127.1', '1.2.3.4.5', '[127.0.0.1]', 'a b', 'a:1', 'http://a', '*.example.com', 'a..b', '[::1]:80', ''])(
    'is reported for the host %j, which is neither a name nor an address',
    (host) => {
      expect(readProblems([`--host=${host}`])).toEqual([expect.stringContaining('Must be the name of a host')])
    },
  )

  test('is reported for an overridden value', () => {
    expect(readProblems(['--port', '1'], { SEGUE_PORT: 'x' })).toEqual([expect.stringContaining('SEGUE_PORT')])
  })

  test('is reported for a missing value, an extra value, an unexpected argument and an unknown flag', () => {
    expect(readProblems(['--port', '--durable=1', 'word', '-p'])).toEqual([
      '--port: This flag needs a value.',
      expect.stringContaining('-p: Unknown flag.'),
      expect.stringContaining('"word": Unexpected argument. Known flags: --port'),
    ])
    expect(readProblems(['--durable=1', '--no-hermes=x', '--model'])).toEqual([
      '--durable: This flag takes no value.',
      '--no-hermes: This flag takes no value.',
      '--model: This flag needs a value.',
    ])
  })

  test.each(['--constructor', '--__proto__=1', '--Port=1', '--no-port', '--hermes'])(
    'is reported for the unknown flag %s',
    (flag) => {
      expect(readProblems([flag])).toEqual([expect.stringContaining(': Unknown flag. ')])
    },
  )

  test('is reported if --no-hermes and --hermes-home are set', () => {
    expect(readProblems(['--no-hermes', '--hermes-home', '/x'])).toEqual([
      '--no-hermes: Contradicts --hermes-home. Remove one of them.',
    ])
  })

  test('is reported for a home in config.json', () => {
    writeConfig({ home: '/x' })
    expect(readProblems()).toEqual([expect.stringContaining(`${config}: home: Unknown key.`)])
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
  ])('is reported with its position in the invalid JSON %j', (text, line, column) => {
    writeFileSync(config, text)
    expect(readProblems()).toEqual([`${config}: line ${line}, column ${column}: Invalid JSON.`])
  })

  test.each(['[]', 'null', '"port"', '4000'])('is reported for the config.json %s, which is not an object', (text) => {
    writeFileSync(config, text)
    expect(readProblems()).toEqual([`${config}: Must be a JSON object.`])
  })

  test('is reported for a config.json that cannot be read, but not for a missing one', () => {
    mkdirSync(config)
    expect(readProblems()).toEqual([`${config}: Is not a regular file. Replace it by one, or remove it.`])
    rmSync(config, { recursive: true })
    expect(readProblems()).toEqual([])
    if (process.getuid?.() === 0) return // Mode bits do not apply to root.
    writeConfig({})
    chmodSync(config, 0)
    expect(readProblems()).toEqual([`${config}: Cannot read the file (EACCES).`])
  })

  test.each<[string, unknown, string]>([
    ['', [], 'Must be an object of providers by name.'],
    ['.Local', { Local: { type: 'openai' } }, 'Invalid name. Must be 1 to 64 characters: a-z'],
    [
      '.offline',
      { offline: { type: 'openai' } },
      'Invalid name. Must be 1 to 64 characters: a-z, 0-9, - and _, beginning with a letter or a digit, and not offline.',
    ],
    ['.a', { a: 'openai' }, 'Must be an object with a type.'],
    ['.a.type', { a: {} }, 'Must be one of openai, anthropic, azure, openai-compatible.'],
    ['.a.baseURL', { a: { type: 'openai-compatible' } }, 'Missing. The types openai-compatible and azure need it.'],
    [
      '.a.models',
      { a: { type: 'azure', baseURL: 'https://r.openai.azure.com' } },
      'Missing. The type azure needs the names of the deployments.',
    ],
    ['.a.apiVersion', { a: { type: 'openai', apiVersion: 'preview' } }, 'Only the type azure has API versions.'],
    [
      '.a.apiVersion',
      { a: { type: 'azure', baseURL: 'https://r.openai.azure.com', models: ['m'], apiVersion: 'a b' } },
      'Must be an API version, such as 2024-10-21.',
    ],
    ['.a.baseURL', { a: { type: 'openai', baseURL: 'ftp://x' } }, 'Must be an http or https URL'],
    ['.a.baseURL', { a: { type: 'openai', baseURL: 'localhost:80/v1' } }, 'Must be an http or https URL'],
    ['.a.apiKey', { a: { type: 'openai', apiKey: 'x', apiKeyEnv: 'X' } }, 'Must not be set together with apiKeyEnv.'],
    ['.a.models', { a: { type: 'openai', models: [] } }, 'Must be a list of at least one model name.'],
    ['.a.models.1', { a: { type: 'openai', models: ['x', ''] } }, 'Must be a string that is not empty.'],
  ])('is reported at providers%s of %j', (path, providers, message) => {
    writeConfig({ providers })
    expect(readProblems()).toEqual([expect.stringContaining(`${config}: providers${path}: `)])
    expect(readProblems()[0]).toContain(`: ${message}`)
  })

  test('is not hidden by an unknown key of the same provider', () => {
    writeConfig({ providers: { a: { type: 'openai-compatible', apiKey: 'x', apiKeyEnv: 'X', url: 'http://x' } } })
    expect(readProblems().map((problem) => problem.slice(config.length + 2).split(': ')[0])).toEqual([
      'providers.a.url',
      'providers.a.baseURL',
      'providers.a.apiKey',
    ])
  })

  test('never contains an API key, wherever the key is', () => {
    const secret = 'sk-aBc123xYz'
    const texts = [
      { providers: { a: { type: 'openai', apiKey: secret, apiKeyEnv: 'X' } } },
      { providers: { a: { type: 'openai', apiKeyEnv: secret } } },
      { providers: { a: { type: secret, apiKey: [secret] } } },
      { providers: { a: secret } },
    ].map((value) => JSON.stringify(value))
    for (const text of [...texts, `{"apiKey": ${secret}}`, `{"apiKey": "${secret}" x}`]) {
      writeFileSync(config, text)
      expect(readProblems()).not.toEqual([])
      expect(readProblems().join('\n')).not.toContain(secret)
    }
    rmSync(config)
    expect(readProblems(['--api-key', secret]).join('\n')).toMatch(/^--api-key: Unknown flag\. (?!.*sk-)/)
    expect(readProblems([`--api-key=${secret}`]).join('\n')).toMatch(/^--api-key: Unknown flag\. (?!.*sk-)/)
  })
})

import { describe, expect, test } from 'vitest'
import { sha256Hex } from '../../../src/lib/text/sha256.ts'
import { newTestSettings } from '../../support/config/test-settings.ts'

const { config, read, readProblems, writeConfig } = newTestSettings()
const sha256 = sha256Hex('some token')
const SEGUE_TOKEN = 'a-token-of-20-characters'
const oidc = { issuer: 'https://id.example.com/realms/home', audience: 'segue' }

describe('a server that other machines can reach', () => {
  test.each([
    ['--host', ['--host', '0.0.0.0'], {}],
    ['--host', ['--host', '[::]'], {}],
    ['--host', ['--host=chat.example.com'], {}],
    ['SEGUE_HOST', [], { SEGUE_HOST: '192.168.1.2' }],
    ['--public-host', ['--public-host', 'chat.example.com'], {}],
    ['--trust-proxy', ['--trust-proxy'], {}],
    ['SEGUE_TRUST_PROXY', [], { SEGUE_TRUST_PROXY: '1' }],
  ])('does not start without a token, because of %s %j', (label, argv, env) => {
    expect(readProblems(argv, env)).toEqual([
      `${label}: Other machines could call the server without a token: create one with segue token <name>, or set SEGUE_TOKEN.`,
    ])
    expect(read(argv, { ...env, SEGUE_TOKEN })).toMatchObject({ isExposed: true })
    writeConfig({ oidc })
    expect(read(argv, env)).toMatchObject({ isExposed: true })
    writeConfig({})
  })

  test.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.3.2.1', '::1', '[::1]'])('is not one on %s', (host) => {
    expect(read(['--host', host]).isExposed).toBe(false)
  })
})

describe('tokens', () => {
  test('have a name, a hash, a role and profiles; SEGUE_TOKEN is one more, for an admin', () => {
    writeConfig({
      tokens: [
        { name: 'phone', sha256: sha256.toUpperCase(), role: 'user', profiles: ['work', 'home'] },
        { name: 'screen', sha256: sha256Hex('2') },
        { name: 'laptop', sha256: sha256Hex('3'), role: 'admin' },
      ],
    })
    expect(read([], { SEGUE_TOKEN }).tokens).toEqual([
      { sha256, viewer: { name: 'phone', role: 'USER', profiles: ['work', 'home'] } },
      { sha256: sha256Hex('2'), viewer: { name: 'screen', role: 'READ', profiles: ['default'] } },
      { sha256: sha256Hex('3'), viewer: { name: 'laptop', role: 'ADMIN', profiles: 'all' } },
      { sha256: sha256Hex(SEGUE_TOKEN), viewer: { name: 'SEGUE_TOKEN', role: 'ADMIN', profiles: 'all' } },
    ])
  })

  test.each([
    [{}, 'tokens: Must be a list of tokens, as segue token prints them.'],
    [['some token'], 'tokens.0: Must be an object with name, sha256, role and profiles.'],
    [[{ name: 'a', sha256, token: 'x' }], 'tokens.0.token: Unknown key. Allowed keys: name, sha256, role, profiles.'],
    [[{ name: '', sha256 }], 'tokens.0.name: Must be 1 to 64 visible characters.'],
    [
      [{ name: 'a', sha256: 'some token' }],
      'tokens.0.sha256: Must be the SHA-256 of a token, 64 hexadecimal digits, as segue token prints it.',
    ],
    [[{ name: 'a', sha256, role: 'root' }], 'tokens.0.role: Must be read, user or admin.'],
    [
      [{ name: 'a', sha256, role: 'user', profiles: [] }],
      'tokens.0.profiles: Must be a list of one or more profiles, such as ["default"].',
    ],
    [
      [{ name: 'a', sha256, role: 'admin', profiles: ['a'] }],
      'tokens.0.profiles: A token with the role admin is for all profiles. Remove profiles, or use the role user.',
    ],
    [
      [
        { name: 'a', sha256 },
        { name: 'b', sha256 },
      ],
      'tokens.1.sha256: Another entry has the same token.',
    ],
    [
      [
        { name: 'a', sha256 },
        { name: 'a', sha256: sha256Hex('b') },
      ],
      'tokens.1.name: Another token has the same name.',
    ],
  ])('are a problem as %j', (tokens, problem) => {
    writeConfig({ tokens })
    expect(readProblems()).toEqual([`${config}: ${problem}`])
  })

  test('are in no message', () => {
    const problems = readProblems([], { SEGUE_TOKEN: 'too short' })
    expect(problems).toEqual(['SEGUE_TOKEN: Must be 20 to 500 visible characters of ASCII.'])
  })
})

describe('oidc', () => {
  test('has an issuer, an audience and the names of two claims', () => {
    expect(read([]).oidc).toBeNull()
    writeConfig({ oidc })
    expect(read([]).oidc).toEqual({ ...oidc, profilesClaim: 'segue_profiles', roleClaim: 'segue_role' })
    const more = { profilesClaim: 'https://example.com/profiles', roleClaim: 'role' }
    writeConfig({ oidc: { ...oidc, ...more } })
    expect(read([]).oidc).toEqual({ ...oidc, ...more })
  })

  test.each(['https://id.example.com', 'http://127.0.0.1:3000', 'http://localhost:3000/a', 'http://[::1]:3000'])(
    'takes the issuer %s',
    (issuer) => {
      writeConfig({ oidc: { ...oidc, issuer } })
      expect(read([]).oidc).toMatchObject({ issuer })
    },
  )

  const issuerProblem =
    'oidc.issuer: Must be the URL of an issuer, as its tokens have it in iss: with https, or http on this machine, without credentials, ? and #.'

  test.each([
    [
      'https://id.example.com',
      'oidc: Invalid value "https://id.example.com". Must be an object with issuer, audience, profilesClaim and roleClaim.',
    ],
    [{ ...oidc, issuer: 'http://id.example.com' }, issuerProblem],
    [{ ...oidc, issuer: 'id.example.com' }, issuerProblem],
    [{ ...oidc, issuer: 'file:///etc/keys' }, issuerProblem],
    [{ ...oidc, issuer: 'https://a:b@id.example.com' }, issuerProblem],
    [{ ...oidc, issuer: 'https://id.example.com?a' }, issuerProblem],
    [{ issuer: oidc.issuer }, 'oidc.audience: Must be the audience that tokens for this server have in aud.'],
    [{ ...oidc, roleClaim: '' }, 'oidc.roleClaim: Must be the name of a claim.'],
    [{ ...oidc, secret: 'x' }, 'oidc.secret: Unknown key. Allowed keys: issuer, audience, profilesClaim, roleClaim.'],
  ])('is a problem as %j', (value, problem) => {
    writeConfig({ oidc: value })
    expect(readProblems()).toEqual([`${config}: ${problem}`])
  })
})

test('allowed origins without tokens are a warning that says what their pages may do', () => {
  const argv = ['--allow-origin', 'https://app.example.com']
  expect(read(argv).warnings).toEqual([
    '--allow-origin: Without tokens, every page of https://app.example.com can read and delete all chats, and run tools. To require a token, create one with segue token <name>, or set SEGUE_TOKEN.',
  ])
  expect(read(argv, { SEGUE_TOKEN }).warnings).toEqual([])
})

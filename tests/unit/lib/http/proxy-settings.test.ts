import { describe, expect, test } from 'vitest'
import { ProxySettings } from '../../../../src/lib/http/proxy-settings.ts'

const select = (env: Record<string, string>, url: string) => new ProxySettings(env).select(new URL(url))
const proxy = { HTTP_PROXY: 'http://plain:1', HTTPS_PROXY: 'http://secure:2' }

test.each([
  ['http://llm.test/v1', 'plain:1'],
  ['https://llm.test/v1', 'secure:2'],
  ['http://10.0.0.1/', 'plain:1'],
])('%s goes through the proxy of its protocol', (url, address) => {
  expect(select(proxy, url)).toMatchObject({ address })
})

test('a name in lower case wins, and an empty one does not count', () => {
  const env = {
    HTTP_PROXY: 'http://upper:1',
    http_proxy: 'http://lower:1',
    HTTPS_PROXY: 'http://upper:2',
    https_proxy: ' ',
  }
  expect(select(env, 'http://llm.test')).toMatchObject({ address: 'lower:1', variable: 'http_proxy' })
  expect(select(env, 'https://llm.test')).toMatchObject({ address: 'upper:2', variable: 'HTTPS_PROXY' })
})

test('a proxy may lack its protocol, and its credentials are not part of its address', () => {
  expect(select({ HTTP_PROXY: 'proxy.corp.test:3128' }, 'http://llm.test')).toMatchObject({
    url: 'http://proxy.corp.test:3128/',
    address: 'proxy.corp.test:3128',
  })
  expect(select({ HTTP_PROXY: 'http://me:secret@proxy:3128' }, 'http://llm.test')).toMatchObject({
    url: 'http://me:secret@proxy:3128/',
    address: 'proxy:3128',
  })
})

test.each(['socks5://proxy:1080', 'http://', ':', 'ftp://proxy'])('%s is no HTTP proxy', (value) => {
  expect(select({ HTTP_PROXY: value }, 'http://llm.test')).toEqual({ variable: 'HTTP_PROXY' })
  expect(select({ HTTP_PROXY: value }, 'http://127.0.0.1')).toBeNull()
})

test.each([
  'http://127.0.0.1:11434/v1',
  'http://127.8.8.8/',
  'http://2130706433/',
  'http://[::1]:8080/',
  'http://[::ffff:127.0.0.1]/',
  'http://localhost/',
  'http://LOCALHOST./',
  'https://app.localhost/',
  'http://0.0.0.0:1/',
])('%s is this machine, and never goes through a proxy', (url) => {
  expect(select(proxy, url)).toBeNull()
})

test('problems are listed once, without secrets', () => {
  const env = { HTTP_PROXY: 'socks5://me:secret@proxy:1080', HTTPS_PROXY: 'http://me:secret@proxy:3128' }
  expect(new ProxySettings(env).listProblems('24.5.0')).toEqual([
    'The environment variable HTTP_PROXY is not the URL of an HTTP proxy. Requests that need it will fail.',
  ])
  expect(new ProxySettings({}).listProblems('22.18.0')).toEqual([])
  for (const version of ['22.18.0', '23.11.1', '24.4.1'])
    expect(new ProxySettings({ ...env, HTTP_PROXY: '' }).listProblems(version), version).toHaveLength(1)
  for (const version of ['22.21.0', '24.5.0', '24.21.0', '26.0.0'])
    expect(new ProxySettings({ ...env, HTTP_PROXY: '' }).listProblems(version), version).toEqual([])
})

describe('a host of NO_PROXY', () => {
  test.each([
    ['*', 'http://llm.test'],
    ['llm.test', 'http://llm.test'],
    ['a.test, LLM.test', 'http://llm.TEST:8080'],
    ['a.test llm.test', 'http://llm.test'],
    ['corp.test', 'https://llm.corp.test'],
    ['.corp.test', 'https://llm.corp.test'],
    ['*.corp.test', 'https://llm.corp.test'],
    ['llm.test:8080', 'http://llm.test:8080'],
    ['llm.test:443', 'https://llm.test'],
    ['llm.test:80', 'http://llm.test'],
    ['10.0.0.0/8', 'http://10.1.2.3'],
    ['192.168.1.7', 'http://192.168.1.7:8080'],
    ['fd00::/8', 'http://[fd00::7]'],
    ['fd00::7', 'http://[fd00::7]'],
    ['[fd00::7]:8080', 'http://[fd00::7]:8080'],
  ])('%s: %s is reached directly', (list, url) => {
    expect(select({ ...proxy, NO_PROXY: list }, url)).toBeNull()
    expect(select({ ...proxy, no_proxy: list }, url)).toBeNull()
  })

  test.each([
    ['', 'http://llm.test'],
    ['lm.test', 'http://llm.test'],
    ['llm.test', 'http://llm.test.evil.test'],
    ['llm.test:8080', 'http://llm.test'],
    ['10.0.0.0/8', 'http://11.1.2.3'],
    ['1.2.3', 'http://0.1.2.3:1'],
    ['10.0.0.0/99, 10.0.0.0/, x/8', 'http://10.1.2.3'],
  ])('%s: %s is not in it', (list, url) => {
    expect(select({ ...proxy, NO_PROXY: list }, url)).not.toBeNull()
  })
})

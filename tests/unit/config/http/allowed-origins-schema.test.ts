import { describe, expect, test } from 'vitest'
import { newTestSettings } from '../../../support/config/test-settings.ts'

const { config, read, readProblems, writeConfig } = newTestSettings()

describe('an allowed origin', () => {
  test.each([
    'http://localhost:5173',
    'http://127.0.0.1:3000',
    'http://[::1]:5173',
    'https://chat.example.com',
    'https://chat.example.com:8443',
    'http://xn--bcher-kva.example',
  ])('may be %s', (origin) => {
    expect(read(['--allow-origin', origin]).allowedOrigins).toEqual([origin])
  })

  const help = 'Use an exact origin with http or https, such as http://localhost:5173.'
  test.each([
    ['*', help],
    ['null', help],
    ['', help],
    ['localhost:5173', help],
    ['//localhost:5173', help],
    ['http://', help],
    ['http://*', help],
    ['https://*.example.com', help],
    ['ftp://localhost', help],
    ['ws://localhost:5173', help],
    ['file:///home', help],
    ['http://localhost:5173/', 'Use http://localhost:5173.'],
    ['http://localhost:5173/chat?x=1', 'Use http://localhost:5173.'],
    ['http://localhost:80', 'Use http://localhost.'],
    ['https://localhost:443', 'Use https://localhost.'],
    ['HTTP://LocalHost:5173', 'Use http://localhost:5173.'],
    ['http://user:password@localhost', 'Use http://localhost.'],
    ['http://bücher.example', 'Use http://xn--bcher-kva.example.'],
    ['http:localhost:5173', 'Use http://localhost:5173.'],
  ])('is not %j, and the message says what to use', (origin, correct) => {
    const message = `Invalid value ${JSON.stringify(origin)}. ${correct}`
    expect(readProblems(['--allow-origin', origin])).toEqual([`--allow-origin: ${message}`])
    writeConfig({ allowOrigins: ['http://localhost:1', origin] })
    expect(readProblems()).toEqual([`${config}: allowOrigins: ${message}`])
  })

  test('that is wrong does not hide the others', () => {
    const problems = readProblems([], { SEGUE_ALLOW_ORIGIN: '*, http://localhost:1,null,' })
    expect(problems).toEqual(
      ['*', 'null', ''].map((text) => `SEGUE_ALLOW_ORIGIN: Invalid value ${JSON.stringify(text)}. ${help}`),
    )
  })

  test.each([['http://localhost:1'], [null], [true], [{}], [[1]]])('is in a list in config.json, not %j', (value) => {
    writeConfig({ allowOrigins: value })
    expect(readProblems()).toEqual([
      expect.stringContaining('Must be a list of exact origins, such as ["http://localhost:5173"].'),
    ])
  })
})

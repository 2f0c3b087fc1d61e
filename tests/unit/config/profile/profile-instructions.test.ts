import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ProfileInstructions } from '../../../../src/config/profile/instructions/profile-instructions.ts'
import { maxInstructionsLength } from '../../../../src/model/answer-settings/instructions.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'
import { newTempFolder } from '../../../support/server/segue.ts'

let folder: string
let log: RecordingLogger
let instructions: ProfileInstructions

const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content)
const writeConfig = (config: unknown) => write('config.json', JSON.stringify(config))

beforeEach(() => {
  folder = newTempFolder()
  log = new RecordingLogger()
  instructions = new ProfileInstructions(folder, log)
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('The instructions of a profile', () => {
  test('are null without a file, and without a folder', async () => {
    expect(await instructions.load()).toBeNull()
    expect(await new ProfileInstructions(join(folder, 'missing'), log).load()).toBeNull()
    expect(log.lines).toEqual([])
  })

  test('are those of config.json, else the file INSTRUCTIONS.md', async () => {
    write('INSTRUCTIONS.md', '\uFEFF# You are a pirate.\r\nAhoy!\n')
    expect(await instructions.load()).toBe('# You are a pirate.\r\nAhoy!')
    writeConfig({ port: 1, instructions: 'Be kind.' })
    expect(await instructions.load()).toBe('Be kind.')
    writeConfig({ instructions: ' \n' })
    expect(await instructions.load()).toBe('# You are a pirate.\r\nAhoy!')
    expect(log.lines).toEqual([])
  })

  test('change with their file, also if it has the same size, is replaced, or is removed', async () => {
    write('INSTRUCTIONS.md', 'One')
    expect(await instructions.load()).toBe('One')
    write('INSTRUCTIONS.md', 'Two')
    expect(await instructions.load()).toBe('Two')
    write('new', 'Six')
    renameSync(join(folder, 'new'), join(folder, 'INSTRUCTIONS.md'))
    expect(await Promise.all([instructions.load(), instructions.load()])).toEqual(['Six', 'Six'])
    rmSync(join(folder, 'INSTRUCTIONS.md'))
    expect(await instructions.load()).toBeNull()
  })

  test('that are read while others read them are never older than the call', async () => {
    write('INSTRUCTIONS.md', 'One')
    const first = instructions.load()
    write('INSTRUCTIONS.md', 'Two')
    expect(await instructions.load()).toBe('Two')
    await first
  })

  test.each([
    ['a list', ['Be kind.'], 'Must be a string.'],
    ['a text that is too long', 'x'.repeat(maxInstructionsLength + 1), 'Has 65537 characters. Use at most 65536.'],
  ])('in config.json that are %s cost a warning, and only themselves', async (_, value, problem) => {
    writeConfig({ instructions: value })
    write('INSTRUCTIONS.md', 'Be kind.')
    expect(await instructions.load()).toBe('Be kind.')
    expect(await instructions.load()).toBe('Be kind.')
    expect(log.lines).toEqual([`warn: ${join(folder, 'config.json')}: instructions: ${problem} They are ignored.`])
  })

  test('stay while config.json cannot be read, with one warning', async () => {
    writeConfig({ instructions: 'Be kind.' })
    expect(await instructions.load()).toBe('Be kind.')
    write('config.json', '{ "instructions": "Be ki')
    expect(await instructions.load()).toBe('Be kind.')
    expect(await instructions.load()).toBe('Be kind.')
    expect(log.lines).toEqual([
      `warn: ${join(folder, 'config.json')}: It is not a JSON object. Until it is right again, the instructions that it had before count.`,
    ])
    rmSync(join(folder, 'config.json'))
    expect(await instructions.load()).toBeNull()
  })

  test.each([
    ['not in UTF-8', () => write('INSTRUCTIONS.md', Uint8Array.of(0x48, 0xff, 0xfe)), 'It is not in UTF-8.'],
    ['a folder', () => mkdirSync(join(folder, 'INSTRUCTIONS.md')), 'It is not a file.'],
    [
      'huge',
      () => write('INSTRUCTIONS.md', 'x'.repeat(5_000_000)),
      `It has 5000000 bytes, and may have ${maxInstructionsLength * 3 + 3} at most.`,
    ],
    [
      'too long',
      () => write('INSTRUCTIONS.md', 'x'.repeat(maxInstructionsLength + 1)),
      'It has 65537 characters. Use at most 65536.',
    ],
  ])('in a file that is %s are ignored with a warning', async (_, prepare, problem) => {
    prepare()
    expect(await instructions.load()).toBeNull()
    expect(await instructions.load()).toBeNull()
    expect(log.lines).toEqual([`warn: ${join(folder, 'INSTRUCTIONS.md')}: ${problem} The file is ignored.`])
  })

  test('may have as many characters as the limit, whatever they are', async () => {
    write('INSTRUCTIONS.md', '\uFEFF' + '猫'.repeat(maxInstructionsLength))
    expect(await instructions.load()).toBe('猫'.repeat(maxInstructionsLength))
  })
})

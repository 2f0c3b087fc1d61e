import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ProfileDirectory } from '../../../src/profiles/profile-directory.ts'
import { newTempFolder } from '../../support/server/segue.ts'

let root: string
let home: string
let hermesHome: string
let directory: ProfileDirectory

beforeEach(() => {
  root = newTempFolder()
  home = join(root, 'home')
  hermesHome = join(root, 'hermes')
  directory = new ProfileDirectory({ home, hermesHome })
})

afterEach(() => {
  vi.useRealTimers()
  rmSync(root, { recursive: true, force: true })
})

function addSegueProfiles(...names: string[]): void {
  for (const name of names) mkdirSync(join(home, 'profiles', name), { recursive: true })
}

function addHermesProfiles(...names: string[]): void {
  for (const name of names) {
    mkdirSync(join(hermesHome, 'profiles', name), { recursive: true })
    writeFileSync(join(hermesHome, 'profiles', name, 'state.db'), '')
  }
}

describe('the profile names', () => {
  test('are default alone in an empty home, and listing them creates nothing', async () => {
    expect(await directory.listNames()).toEqual(['default'])
    expect(await new ProfileDirectory({ home, hermesHome: null }).listNames()).toEqual(['default'])
    expect(readdirSync(root)).toEqual([])
  })

  test('include those of both homes, each once, in alphabetical order', async () => {
    addSegueProfiles('work', 'b', '0')
    addHermesProfiles('work', 'alone')
    expect(await directory.listNames()).toEqual(['default', '0', 'alone', 'b', 'work'])
    expect(await new ProfileDirectory({ home, hermesHome: null }).listNames()).toEqual(['default', '0', 'b', 'work'])
  })

  test('leave out folders with invalid names', async () => {
    const maxName = 'x'.repeat(64)
    addSegueProfiles(
      maxName,
      `${maxName}x`,
      'Work',
      '-a',
      '_a',
      'a b',
      'a\n',
      '\nа',
      'ａ',
      'é',
      '.deleted',
      'a.b',
      'default',
    )
    expect(await directory.listNames()).toEqual(['default', maxName])
  })

  test('leave out files and symbolic links, wherever they lead', async () => {
    addSegueProfiles('work')
    const outside = join(root, 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, 'state.db'), '')
    addHermesProfiles('b')
    symlinkSync(outside, join(home, 'profiles', 'out'))
    symlinkSync(join(home, 'profiles', 'work'), join(home, 'profiles', 'inside'))
    symlinkSync(join(root, 'nowhere'), join(home, 'profiles', 'nowhere'))
    writeFileSync(join(home, 'profiles', 'file'), '')
    symlinkSync(outside, join(hermesHome, 'profiles', 'linked'))
    expect(await directory.listNames()).toEqual(['default', 'b', 'work'])
    for (const name of ['out', 'inside', 'nowhere', 'file']) {
      expect(() => directory.resolveProfilePaths(name), name).toThrow(
        expect.objectContaining({ code: 'BAD_USER_INPUT' }),
      )
      await expect(directory.create(name), name).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        details: { path: ['name'] },
      })
    }
    expect(directory.resolveProfilePaths('linked')).toEqual({
      home: join(home, 'profiles', 'linked'),
      hermesHome: null,
    })
    expect(directory.resolveProfilePaths('b').hermesHome).toBe(join(hermesHome, 'profiles', 'b'))
  })

  test('leave out Hermes profiles without a state.db', async () => {
    mkdirSync(join(hermesHome, 'profiles', 'empty'), { recursive: true })
    expect(await directory.listNames()).toEqual(['default'])
  })
})

describe('a new profile', () => {
  test('is an empty folder that only its owner can read', async () => {
    await directory.create('work')
    expect(statSync(join(home, 'profiles', 'work')).mode & 0o077).toBe(0)
    expect(readdirSync(join(home, 'profiles', 'work'))).toEqual([])
  })

  test('is created once by concurrent calls', async () => {
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => directory.create('work')))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('must not exist in either home', async () => {
    addSegueProfiles('work')
    addHermesProfiles('alone')
    for (const name of ['default', 'work', 'alone']) {
      await expect(directory.create(name), name).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    }
    expect(readdirSync(join(home, 'profiles'))).toEqual(['work'])
  })
})

describe('a deleted profile', () => {
  test('is moved to the trash unchanged, and its name can be used again', async () => {
    for (const text of ['one', 'two']) {
      await directory.create('work')
      writeFileSync(join(home, 'profiles', 'work', 'a.txt'), text)
      await directory.assertRemovable('work')
      await directory.moveToTrash('work')
      expect(await directory.listNames()).toEqual(['default'])
    }
    const trashed = readdirSync(join(home, 'profiles', '.deleted'))
    expect(trashed.every((name) => name.startsWith('work-'))).toBe(true)
    expect(trashed).toHaveLength(2)
    for (const name of trashed) expect(existsSync(join(home, 'profiles', '.deleted', name, 'a.txt'))).toBe(true)
  })

  test('does not collide with one of the same name that was deleted in the same millisecond', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    for (let count = 0; count < 2; count += 1) {
      await directory.create('work')
      writeFileSync(join(home, 'profiles', 'work', 'a.txt'), '')
      await directory.moveToTrash('work')
    }
    expect(readdirSync(join(home, 'profiles', '.deleted'))).toHaveLength(2)
  })

  test('is neither default, nor missing, nor a profile of Hermes', async () => {
    addHermesProfiles('alone')
    const expectRefusal = (name: string, code: string) =>
      expect(directory.assertRemovable(name)).rejects.toMatchObject({ code })
    await expectRefusal('default', 'BAD_USER_INPUT')
    await expectRefusal('nobody', 'NOT_FOUND')
    await expectRefusal('alone', 'BAD_USER_INPUT')
  })
})

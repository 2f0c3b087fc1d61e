import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ProfileDirectory } from '../../../src/profiles/profile-directory.ts'
import { newTempFolder } from '../../support/server/segue.ts'

let root: string
let home: string
let hermesHome: string
let homes: ProfileDirectory

beforeEach(() => {
  root = newTempFolder()
  home = join(root, 'home')
  hermesHome = join(root, 'hermes')
  homes = new ProfileDirectory({ home, hermesHome })
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

function own(...names: string[]): void {
  for (const name of names) mkdirSync(join(home, 'profiles', name), { recursive: true })
}

function theirs(...names: string[]): void {
  for (const name of names) {
    mkdirSync(join(hermesHome, 'profiles', name), { recursive: true })
    writeFileSync(join(hermesHome, 'profiles', name, 'state.db'), '')
  }
}

describe('the profiles that there are', () => {
  test('are default, whatever is there, and nothing is made by looking', async () => {
    expect(await homes.listNames()).toEqual(['default'])
    expect(await new ProfileDirectory({ home, hermesHome: null }).listNames()).toEqual(['default'])
    expect(readdirSync(root)).toEqual([])
  })

  test('are those of both homes, once each, by name', async () => {
    own('work', 'b', '0')
    theirs('work', 'alone')
    expect(await homes.listNames()).toEqual(['default', '0', 'alone', 'b', 'work'])
    expect(await new ProfileDirectory({ home, hermesHome: null }).listNames()).toEqual(['default', '0', 'b', 'work'])
  })

  test('are not what has another name: a name counts as a whole', async () => {
    const longest = 'x'.repeat(64)
    own(longest, `${longest}x`, 'Work', '-a', '_a', 'a b', 'a\n', '\nа', 'ａ', 'é', '.deleted', 'a.b', 'default')
    expect(await homes.listNames()).toEqual(['default', longest])
  })

  test('are folders: neither files nor links, wherever those lead', async () => {
    own('work')
    const elsewhere = join(root, 'elsewhere')
    mkdirSync(elsewhere)
    writeFileSync(join(elsewhere, 'state.db'), '')
    theirs('b')
    symlinkSync(elsewhere, join(home, 'profiles', 'out'))
    symlinkSync(join(home, 'profiles', 'work'), join(home, 'profiles', 'within'))
    symlinkSync(join(root, 'nowhere'), join(home, 'profiles', 'nowhere'))
    writeFileSync(join(home, 'profiles', 'file'), '')
    symlinkSync(elsewhere, join(hermesHome, 'profiles', 'theirs'))
    expect(await homes.listNames()).toEqual(['default', 'b', 'work'])
    for (const name of ['out', 'within', 'nowhere', 'file']) {
      expect(() => homes.resolveProfilePaths(name), name).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }))
      await expect(homes.create(name), name).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        details: { path: ['name'] },
      })
    }
    expect(homes.resolveProfilePaths('theirs')).toEqual({ home: join(home, 'profiles', 'theirs'), hermesHome: null })
    expect(homes.resolveProfilePaths('b').hermesHome).toBe(join(hermesHome, 'profiles', 'b'))
  })

  test("are not Hermes' where it has no state.db", async () => {
    mkdirSync(join(hermesHome, 'profiles', 'empty'), { recursive: true })
    expect(await homes.listNames()).toEqual(['default'])
  })
})

describe('a new profile', () => {
  test('is a folder for nobody else to read', async () => {
    await homes.create('work')
    expect(statSync(join(home, 'profiles', 'work')).mode & 0o077).toBe(0)
    expect(readdirSync(join(home, 'profiles', 'work'))).toEqual([])
  })

  test('is made once, however many ask at the same time', async () => {
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => homes.create('work')))
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('is not one that is there already, be it in the other home', async () => {
    own('work')
    theirs('alone')
    for (const name of ['default', 'work', 'alone']) {
      await expect(homes.create(name), name).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    }
    expect(readdirSync(join(home, 'profiles'))).toEqual(['work'])
  })
})

describe('a profile that is put aside', () => {
  test('is moved as it is, every time, and its name is free', async () => {
    for (const text of ['one', 'two']) {
      await homes.create('work')
      writeFileSync(join(home, 'profiles', 'work', 'a.txt'), text)
      await homes.assertRemovable('work')
      await homes.moveToTrash('work')
      expect(await homes.listNames()).toEqual(['default'])
    }
    const aside = readdirSync(join(home, 'profiles', '.deleted'))
    expect(aside.every((name) => name.startsWith('work-'))).toBe(true)
    expect(aside).toHaveLength(2)
    for (const name of aside) expect(existsSync(join(home, 'profiles', '.deleted', name, 'a.txt'))).toBe(true)
  })

  test('is neither default, nor what is not there, nor what is of Hermes alone', async () => {
    theirs('alone')
    const refused = (name: string, code: string) => expect(homes.assertRemovable(name)).rejects.toMatchObject({ code })
    await refused('default', 'BAD_USER_INPUT')
    await refused('nobody', 'NOT_FOUND')
    await refused('alone', 'BAD_USER_INPUT')
  })
})

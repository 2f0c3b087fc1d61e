import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newTempFolder } from '../../support/server/segue.ts'

const unit = readFileSync(new URL('../../../deploy/segue.service', import.meta.url), 'utf8')

test('the unit for systemd is valid', ({ skip }) => {
  const isInstalled = spawnSync('systemd-analyze', ['--version']).status === 0
  if (!isInstalled && !process.env['CI']) skip()
  // The program has to exist.
  const folder = newTempFolder()
  const programs = join(folder, 'node_modules', '.bin')
  mkdirSync(programs, { recursive: true })
  writeFileSync(join(programs, 'segue'), '#!/bin/sh\n', { mode: 0o755 })
  const file = join(folder, 'segue.service')
  writeFileSync(file, unit.replaceAll('/opt/segue', folder))
  const { status, stderr, stdout } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
  expect({ status, output: stdout + stderr }).toEqual({ status: 0, output: '' })
})

test('a unit with a mistake is not', ({ skip }) => {
  if (spawnSync('systemd-analyze', ['--version']).status !== 0) skip()
  const file = join(newTempFolder(), 'segue.service')
  writeFileSync(file, unit.replace('TimeoutStopSec=20', 'TimeoutStopSecs=20'))
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
  expect(status === 0 && stderr === '').toBe(false)
})

import { expect, test } from 'vitest'
import { toHermesResumeCommand } from '../../src/conversations/hermes-resume-command.ts'

test('a session of Hermes is resumed by its own id, in its profile', () => {
  expect(toHermesResumeCommand('20261101_101500_ab12cd')).toBe('hermes --resume 20261101_101500_ab12cd')
  expect(toHermesResumeCommand('work@20261101_101500_ab12cd')).toBe('hermes -p work --resume 20261101_101500_ab12cd')
  expect(toHermesResumeCommand('default@cnv_1')).toBe('hermes --resume cnv_1')
})

test('an id can do no harm in a shell', () => {
  expect(toHermesResumeCommand("a'; rm -rf ~")).toBe(String.raw`hermes --resume 'a'\''; rm -rf ~'`)
})

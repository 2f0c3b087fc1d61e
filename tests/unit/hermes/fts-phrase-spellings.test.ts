import { expect, test } from 'vitest'
import { listHermesPhraseSpellings } from '../../../src/hermes/search/hermes-phrase-spellings.ts'

test('a phrase of plain words has one spelling', () => {
  expect(listHermesPhraseSpellings('Café Łódź')).toEqual(['Café Łódź'])
})

test('a number is spelled in the digits of every script, never in those of two', () => {
  const spellings = listHermesPhraseSpellings('a ٤04') ?? []
  expect(spellings).toEqual(expect.arrayContaining(['a 404', 'a ٤٠٤', 'a ۴۰۴', 'a ４０４']))
  expect(spellings).not.toContain('a ٤04')
})

test('a phrase with more spellings than an index can look up has none', () => {
  expect(listHermesPhraseSpellings('ههههه')).toBeNull()
  expect(listHermesPhraseSpellings("ي 1'a 2")).not.toBeNull()
})

import { expect, test } from 'vitest'
import { listFtsPhraseSpellings } from '../../../src/hermes/search/fts-phrase-spellings.ts'

test('a phrase of plain words has one spelling', () => {
  expect(listFtsPhraseSpellings('Café Łódź')).toEqual(['Café Łódź'])
})

test('a number is spelled in the digits of every script, never in those of two', () => {
  const spellings = listFtsPhraseSpellings('a ٤04') ?? []
  expect(spellings).toEqual(expect.arrayContaining(['a 404', 'a ٤٠٤', 'a ۴۰۴', 'a ４０４']))
  expect(spellings).not.toContain('a ٤04')
})

test('a phrase with more spellings than an index can look up has none', () => {
  expect(listFtsPhraseSpellings('ههههه')).toBeNull()
  expect(listFtsPhraseSpellings("ي 1'a 2")).not.toBeNull()
})

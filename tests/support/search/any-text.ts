import fc from 'fast-check'

/** Words of several scripts and forms. Many are equal after normalization, some are prefixes of others. */
const anyWord = fc.constantFrom(
  'rust',
  'Rust',
  'RUSTY',
  'rus',
  'café',
  'cafe',
  'CAFE\u0301',
  'größe',
  'GROSSE',
  'node.js',
  'foo_bar',
  'foo',
  'bar',
  '日本語',
  '日本',
  '本',
  'テキスト',
  '한국어',
  'กิน',
  'हिन्दी',
  'мир',
  'שָׁלוֹם',
  '🎉',
  '🇩🇪',
  'компʼютер',
  'کتاب',
  '۵۰۰',
  '๕๐',
  'a',
  '3.14',
  'x'.repeat(40),
)

/** Separators, among them FTS5's operators. */
const anySeparator = fc.constantFrom(
  ' ',
  '\n',
  ', ',
  ' "',
  '" ',
  '"',
  ' AND ',
  ' OR ',
  ' NOT ',
  ' NEAR(',
  ')',
  '*',
  '^',
  ':',
  '-',
  '+',
  "'",
  '\0',
  '\ud800',
  '“',
  '”',
  '{',
  '}',
)

/** Words with anything between them. */
export const anyText: fc.Arbitrary<string> = fc
  .array(fc.tuple(anyWord, anySeparator), { maxLength: 8 })
  .map((pairs) => pairs.flat().join(''))

/** Likely and unlikely queries. */
export const anyQuery: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.oneof(anyWord, anySeparator), { maxLength: 6 }).map((parts) => parts.join('')) },
  { weight: 2, arbitrary: fc.array(anyWord, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(' ')) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
)

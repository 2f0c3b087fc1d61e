import type { SeededRandom } from '../chaos/seeded-random.ts'
import { createDocx, docxMediaType, docxParagraph } from '../support/files/office-documents.ts'
import { createPdf } from '../support/files/pdf.ts'
import { heicPhoto } from '../support/files/images.ts'
import { createHeaders, fuzzProfiles, markers } from './fuzz-callers.ts'
import type { FuzzOutcome, FuzzTurn } from './fuzz-session.ts'
import { hostileTexts, textsByName } from './hostile-texts.ts'

/** How long a request may take, in milliseconds. */
const requestMs = 60_000

const pngHeader = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')
const files: readonly (readonly [mediaType: string, content: Buffer])[] = [
  ['application/json', Buffer.from('{"a": [1, 2')],
  ['application/pdf', createPdf(['Hello.'])],
  [docxMediaType, createDocx(docxParagraph('Hello.'))],
  ['image/heic', heicPhoto],
  ['image/png', pngHeader],
]
const mediaTypes = [
  ...files.map(([mediaType]) => mediaType),
  'text/html',
  'x',
  '*/*',
  'multipart/form-data; boundary=b',
]
const ranges = [
  'bytes=0-3',
  'bytes=5-',
  'bytes=-1',
  'bytes=9-2',
  'bytes=0-1,4-5',
  'bytes=x',
  'bytes=0-99999999999999999999',
]
const paths = [
  '/files/',
  '/files/..%2fconfig.json',
  '/files/%252e%252e/config.json',
  '/files/msg_x/%00',
  '/files/upl_x',
  '/files//0',
]
const shortTexts = hostileTexts.filter((text) => text.length < 5000)
const names = ['name', 'file', 'x"; filename="y', '']

/** Uploads a file that may be damaged, or reads one that may belong to another profile. */
export async function fuzzFiles(turn: FuzzTurn): Promise<FuzzOutcome> {
  return turn.random.chance(0.5) ? upload(turn) : download(turn)
}

async function upload(turn: FuzzTurn): Promise<FuzzOutcome> {
  const { random, url, caller } = turn
  const query = new URLSearchParams()
  if (random.chance(0.6)) query.set('profile', random.pick(textsByName['profile'] ?? []))
  if (random.chance(0.6)) query.set('name', random.pick([...shortTexts, 'a.pdf']))
  const [type, content] = makeFile(query.get('profile') ?? 'default', random)
  const isForm = random.chance(0.4)
  const contentType = isForm ? 'multipart/form-data; boundary=b' : random.chance(0.7) ? type : random.pick(mediaTypes)
  const response = await fetch(`${url}/files?${query.toString()}`, {
    method: 'POST',
    headers: { ...createHeaders(caller), 'content-type': contentType },
    body: new Uint8Array(isForm ? makeForm(content, random) : content),
    signal: AbortSignal.timeout(requestMs),
  })
  const text = await response.text()
  const { status } = response
  return {
    sent: `POST /files?${query.toString().slice(0, 300)} ${contentType}, ${content.length} bytes`,
    results: [text],
    isValid: false,
    problem: await turn.checker.check(caller, null, { status, results: status === 201 ? [] : [text] }),
  }
}

/** A text has the marker of its profile. */
function makeFile(profile: string, random: SeededRandom): readonly [mediaType: string, content: Buffer] {
  const marked = fuzzProfiles.find((name) => name === profile)
  if (random.chance(0.3)) return ['text/plain', Buffer.from(marked ? markers[marked] : 'Hello.')]
  const [type, content] = random.pick(files)
  return [type, random.chance(0.6) ? damage(content, random) : content]
}

function makeForm(content: Buffer, random: SeededRandom): Buffer {
  const part = Buffer.concat([
    Buffer.from(
      `--b\r\ncontent-disposition: form-data; name="${random.pick(names)}"; filename="${random.pick(names)}"\r\n\r\n`,
    ),
    content,
    Buffer.from('\r\n'),
  ])
  const form = Buffer.concat([
    ...Array.from({ length: random.pick([0, 1, 1, 1, 2, 30]) }, () => part),
    Buffer.from('--b--\r\n'),
  ])
  return random.chance(0.3) ? damage(form, random) : form
}

async function download(turn: FuzzTurn): Promise<FuzzOutcome> {
  const { random, caller, known } = turn
  const url = random.chance(0.2) ? random.pick(paths) : known.pickUrl(random)
  const path = url.startsWith('/files/') ? url : `/files/${url}`
  const headers = { ...createHeaders(caller), ...(random.chance(0.5) && { range: random.pick(ranges) }) }
  const response = await fetch(`${turn.url}${encodeURI(path.toWellFormed())}`, {
    method: random.pick(['GET', 'GET', 'HEAD']),
    headers,
    signal: AbortSignal.timeout(requestMs),
  })
  const text = await response.text()
  return {
    sent: `GET ${path} ${JSON.stringify(headers)}`,
    results: [],
    isValid: false,
    problem:
      turn.checker.checkText(caller, text) ?? (response.status >= 500 ? `The status is ${response.status}.` : null),
  }
}

/** Cuts a file off, or changes some of its bytes. */
function damage(content: Buffer, random: SeededRandom): Buffer {
  if (random.chance(0.3)) return content.subarray(0, random.between(0, content.length))
  const damaged = Buffer.from(content)
  for (let count = random.between(1, 8); count > 0 && damaged.length > 0; count -= 1)
    damaged[random.between(0, damaged.length - 1)] = random.between(0, 255)
  return damaged
}

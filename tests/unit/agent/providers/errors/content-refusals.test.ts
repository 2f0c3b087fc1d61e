import { APICallError } from 'ai'
import { describe, expect, test } from 'vitest'
import { toAgentError } from '../../../../../src/agent/providers/errors/classify-provider-error.ts'
import { AdjustableRequestRejectionError } from '../../../../../src/agent/providers/errors/provider-request-rejection.ts'

function readRefusal(statusCode: number, body: unknown, requestBodyValues: object = {}): unknown {
  const responseBody = typeof body === 'string' ? body : JSON.stringify(body)
  const failure = new APICallError({ message: 'Failed', url: '', requestBodyValues, statusCode, responseBody })
  const error = toAgentError(failure, [])
  return error instanceof AdjustableRequestRejectionError ? error.refusal : error.code
}

const error = (message: string, more: object = {}) => ({ error: { message, ...more } })
const anthropic = (message: string) => ({ type: 'error', error: { type: 'invalid_request_error', message } })

test.each<readonly [string, number, unknown]>([
  [
    'OpenAI, Azure',
    400,
    error('Invalid content type. image_url is only supported by certain models.', {
      type: 'invalid_request_error',
      param: 'messages.[1].content.[1].type',
    }),
  ],
  ['OpenRouter', 404, error('No endpoints found that support image input', { code: 404 })],
  [
    'DeepSeek',
    400,
    error(
      'Failed to deserialize the JSON body into the target type: messages[7]: unknown variant `image_url`, expected `text` at line 1 column 114708',
      { type: 'invalid_request_error' },
    ),
  ],
  ['Ollama Cloud', 400, { error: 'this model does not support image input' }],
  ['Ollama', 400, error('this model is missing data required for image input')],
  ['Ollama behind a gateway', 500, error('this model does not support image input (ref: b8bd630e-4a39)')],
  [
    'llama.cpp',
    500,
    error('image input is not supported - hint: if this is unexpected, you may need to provide the mmproj', {
      code: 500,
      type: 'server_error',
    }),
  ],
  ['llama.cpp, older', 500, error('image input is not supported by this server', { code: 500, type: 'server_error' })],
  [
    'llama-cpp-python',
    500,
    error('Image input detected, but the loaded model is not configured with a mmproj module.'),
  ],
  ['vLLM', 400, { object: 'error', message: 'm is not a multimodal model', type: 'BadRequestError', code: 400 }],
  ['vLLM without images', 400, { object: 'error', message: 'At most 0 image(s) may be provided in one prompt.' }],
  ['LM Studio', 400, { error: 'Vision add-on is not loaded, but images were provided for processing' }],
  ['LM Studio, newer', 400, { error: 'Model does not support images. Please use a model that does.' }],
  ['Gemini', 400, [error('Image input modality is not enabled for models/gemma-3-1b-it')]],
  ['Mistral', 400, { object: 'error', message: 'Image input is not enabled for this model', code: '3051' }],
  [
    'Groq',
    400,
    error(
      "'messages.0' : for 'role:user' the following must be satisfied[('messages.0.content' : value must be a string)]",
      { type: 'invalid_request_error' },
    ),
  ],
  ['Bedrock', 400, { message: "This model doesn't support the image field. Remove image and try again." }],
  ['Bedrock, content block', 400, { message: "This model doesn't support the image content block that you provided." }],
  [
    'LiteLLM',
    400,
    error(
      'litellm.BadRequestError: OpenAIException - Invalid content type. image_url is only supported by certain models.',
    ),
  ],
  ['vLLM, newer', 400, { object: 'error', message: 'This model does not support image files', code: 400 }],
  ['a server without vision', 400, error('m has no vision support')],
  ['Together', 400, error('This model does not support vision inputs')],
  ['Anthropic format', 400, anthropic('This model does not support image inputs.')],
  [
    'xAI',
    400,
    { code: 'Client specified an invalid argument', error: 'Image inputs are not supported by this model.' },
  ],
])('a model that takes no images is known as such: %s', (_, status, body) => {
  expect(readRefusal(status, body)).toEqual({ type: 'images' })
})

test.each<readonly [string, number, unknown]>([
  ['OpenAI', 400, error('Failed to download image from the given URL.', { code: 'invalid_image_url' })],
  ['OpenAI, slow', 400, error('Timeout while downloading https://a.example/b.png.', { code: 'invalid_image_url' })],
  [
    'OpenAI, gone',
    400,
    error('Error while downloading https://a.example/b.png, upstream status code: 404.', { code: 'invalid_image_url' }),
  ],
  [
    'OpenAI, wrong type',
    400,
    error(
      "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].",
      { code: 'invalid_image_format' },
    ),
  ],
  [
    'OpenAI, damaged',
    400,
    error('The image data you provided does not represent a valid image. Please check your input.'),
  ],
  ['OpenAI, base64', 400, error('Invalid base64 image_url.', { type: 'invalid_request_error' })],
  ['OpenAI, MIME', 400, error('Invalid MIME type. Only image types are supported.', { code: 'invalid_image_format' })],
  ['Anthropic', 400, anthropic('Could not process image')],
  ['Anthropic, link', 400, anthropic('Unable to download the file. Please verify the URL and try again.')],
  [
    'Anthropic, size',
    400,
    anthropic('messages.0.content.1.image.source.base64: image exceeds 5 MB maximum: 6291456 bytes > 5242880 bytes'),
  ],
  [
    'Anthropic, dimensions',
    400,
    anthropic(
      'messages.19.content.27.image.source.base64.data: At least one of the image dimensions exceed max allowed size for many-image requests: 2000 pixels',
    ),
  ],
  [
    'Anthropic, another type',
    400,
    anthropic(
      'messages.0.content.1.image.source.base64: The image was specified using the image/jpeg media type, but the image appears to be a image/png image',
    ),
  ],
  [
    'Anthropic, newer',
    400,
    anthropic(
      'messages.17.content.12.image.source.base64.data: Image does not match the provided media type image/png',
    ),
  ],
  [
    'Anthropic, type',
    400,
    anthropic(
      "messages.0.content.0.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'",
    ),
  ],
  [
    'Anthropic behind OpenRouter',
    400,
    error('Provider returned error', {
      code: 400,
      metadata: { raw: JSON.stringify(anthropic('Could not process image')), provider_name: 'Anthropic' },
    }),
  ],
  ['Gemini', 400, [error('Unable to process input image. Please retry or report in the forum.')]],
  ['Gemini, invalid', 400, [error('Provided image is not valid.', { status: 'INVALID_ARGUMENT' })]],
  ['Gemini, link', 400, [error('Cannot fetch content from the provided URL.')]],
  ['Gemini, type', 400, [error('Unsupported MIME type: image/heic')]],
  ['Mistral', 400, { object: 'error', message: "Image, 'data:', could not be loaded as a valid image.", code: '3310' }],
  ['Mistral, link', 400, { object: 'error', message: "File could not be fetched from url 'https://a.example/b.png'" }],
  ['Groq', 400, error('failed to retrieve media: received non 200 status code')],
  [
    'Groq, pixels',
    400,
    error('Please reduce the resolution. The total number of pixels per image must be less than 33177600.'),
  ],
  ['Groq, data', 400, error('invalid image data')],
  ['xAI', 400, { code: 'invalid-argument', error: 'Fetching image failed with HTTP status 404 Not Found.' }],
  ['Ollama', 400, error('invalid image input')],
  ['Ollama, base64', 400, error('illegal base64 data at input byte 4')],
  ['Ollama, format', 500, error('failed to process inputs: image: unknown format')],
  ['llama.cpp', 400, error('Failed to load image or audio file', { code: 400, type: 'invalid_request_error' })],
  ['llama.cpp, older', 500, error('Failed to load image', { code: 500 })],
  ['vLLM', 500, { object: 'error', message: 'cannot identify image file <_io.BytesIO object at 0x7f>', code: 500 }],
  ['vLLM, link', 400, { object: 'error', message: "404, message='Not Found', url='https://a.example/b.png'" }],
  ['vLLM, tiny', 400, { object: 'error', message: 'height:1 or width:1 must be larger than factor:28' }],
  ['LM Studio', 400, { error: "'url' field must be a base64 encoded image." }],
  ['LM Studio, WebP', 400, { error: 'Failed to get loaded image state for token at index 12' }],
  ['LiteLLM', 400, error('litellm.BadRequestError: Unable to fetch image from URL. url=https://a.example/b.png')],
  ['Bedrock', 400, { message: 'Could not process image' }],
  ['new-api', 500, error('failed to download file from https://a.example/b.png: could not load image')],
])('a file that cannot be used is no fault of the model: %s', (_, status, body) => {
  expect(readRefusal(status, body)).toEqual({ type: 'invalid-files', named: [] })
})

test.each<readonly [string, number, number | null, unknown]>([
  ['vLLM', 400, 1, { object: 'error', message: 'At most 1 image(s) may be provided in one request.' }],
  ['Groq', 400, 5, error('Too many images provided. This model supports up to 5 images')],
  ['Mistral', 400, 8, { object: 'error', message: 'Total number of images in prompt exceeds the maximum of 8.' }],
  [
    'Copilot',
    400,
    10,
    error(
      'The request contains too many images: 11 images were provided, but the model supports a maximum of 10 images.',
    ),
  ],
  ['new-api', 500, 16, error('too many images in the message, max allowed is 16')],
  ['Gemini', 400, null, [error('Too many images in request.')]],
])('a limit of images is read: %s', (_, status, maxImages, body) => {
  expect(readRefusal(status, body)).toEqual({ type: 'image-count', maxImages })
})

test.each<readonly [string, number, unknown]>([
  ['Bedrock', 400, { message: "This model doesn't support documents." }],
  ['OpenRouter', 404, error('No endpoints found that support input audio')],
  ['Anthropic format', 400, anthropic('This model does not support PDF input.')],
  ['vLLM', 400, { object: 'error', message: 'At most 0 audio(s) may be provided in one prompt.' }],
  ['llama.cpp', 500, error('audio input is not supported - hint: you may need to provide the mmproj')],
])('a model that takes no other files is known as such: %s', (_, status, body) => {
  expect(readRefusal(status, body)).toEqual({ type: 'other-files' })
})

describe('state of a provider', () => {
  test.each<readonly [string, number, unknown]>([
    ['Anthropic', 400, anthropic('messages.1.content.0: Invalid `signature` in `thinking` block')],
    [
      'Anthropic, changed',
      400,
      anthropic(
        'messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.',
      ),
    ],
    ['Anthropic, unsigned', 400, anthropic('messages.1.content.0.thinking.signature: Field required')],
    [
      'Groq',
      400,
      error(
        "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning_content' is unsupported)]",
      ),
    ],
    [
      'Mistral',
      422,
      {
        detail: [
          {
            type: 'extra_forbidden',
            loc: ['body', 'messages', 3, 'assistant', 'reasoning_content'],
            msg: 'Extra inputs are not permitted',
          },
        ],
      },
    ],
    ['Gemini', 400, [error('Thought signature is not valid.')]],
    ['Gemini, bytes', 400, [error("Invalid value at 'contents[1].parts[0].thought_signature' (TYPE_BYTES)")]],
    ['OpenAI', 400, error('The encrypted content could not be verified.', { code: 'invalid_encrypted_content' })],
  ])('that is not taken back is left out: %s', (_, status, body) => {
    expect(readRefusal(status, body)).toEqual({ type: 'provider-state' })
  })

  test.each<readonly [string, number, unknown]>([
    ['Gemini', 400, [error('Function call is missing a thought_signature in functionCall parts.')]],
    [
      'Anthropic',
      400,
      anthropic('messages.3.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`.'),
    ],
    ['DeepSeek', 400, error('The `reasoning_content` in the thinking mode must be passed back to the API.')],
    [
      'Kimi',
      400,
      error('thinking is enabled but reasoning_content is missing in assistant tool call message at index 2'),
    ],
  ])('that is missing makes the calls of others a text: %s', (_, status, body) => {
    expect(readRefusal(status, body)).toEqual({ type: 'tool-calls' })
  })
})

test.each<readonly [string, number, unknown, unknown]>([
  [
    'a request that is too large',
    413,
    '<html><title>413 Request Entity Too Large</title></html>',
    { type: 'request-size' },
  ],
  [
    'a request that is too large for Anthropic',
    413,
    { type: 'error', error: { type: 'request_too_large', message: 'Request exceeds the maximum size' } },
    { type: 'request-size' },
  ],
  [
    'Gemini’s limit of bytes',
    400,
    [error('Request payload size exceeds the limit: 20971520 bytes.')],
    { type: 'request-size' },
  ],
  [
    'a proxy that counts bytes',
    400,
    error('Request too large: maximum request size is 1048576 bytes'),
    { type: 'request-size' },
  ],
  ['a refusal in other words', 400, error('请求被上游拒绝'), { type: 'unknown' }],
  ['an address that is not there', 404, '', { type: 'unknown' }],
  ['a media type', 415, '', { type: 'unknown' }],
  ['an invalid body', 422, { detail: 'Unprocessable' }, { type: 'unknown' }],
  ['what is not implemented', 501, error('Not here.'), { type: 'unknown' }],
  ['what speaks of an image that is missing', 400, error('There is no image with this name.'), { type: 'unknown' }],
  ['images without permission', 400, error('You do not have the right to see images.'), { type: 'unknown' }],
  ['a conflict', 409, error('Conflict'), 'PROVIDER'],
  ['a failure', 500, error('Internal server error'), { type: 'server-failure' }],
  ['an unavailable server', 503, error('No image today'), 'PROVIDER'],
  ['a failure that speaks of images', 500, error('The user says that images are not supported.'), 'PROVIDER'],
  ['a rejected key', 401, error('Invalid API key to process images'), 'AUTH'],
  ['a missing permission', 403, error('Forbidden'), 'AUTH'],
  ['an empty account', 402, error('Images are not supported without credit'), 'QUOTA'],
  ['an account without quota', 400, error('Your credit balance is too low to process the image'), 'QUOTA'],
  ['a limit of requests', 429, error('Too many requests with images'), 'RATE_LIMIT'],
  ['a filtered image', 400, error('Your image was flagged by our safety system.'), 'PROVIDER'],
  ['an unknown model', 404, error('The model `vision` does not exist', { code: 'model_not_found' }), 'MODEL_NOT_FOUND'],
])('%s', (_, status, body, expected) => {
  expect(readRefusal(status, body)).toEqual(expected)
})

describe('the files that an error names are found', () => {
  const link = 'https://a.example/b.png?signature=abc'
  const image = (url: string) => ({ type: 'image_url', image_url: { url } })
  const request = {
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Look.' }, image('data:image/png;base64,AAAA'), image(link)] },
      { role: 'user', content: [image('https://a.example/c.png')] },
    ],
  }
  test.each<readonly [string, unknown, readonly string[]]>([
    ['by their URL', error(`Failed to download image from ${link}.`), [link]],
    ['by their URL without its query', error('Error while downloading https://a.example/b.png.'), [link]],
    [
      'by their place',
      error('Failed to download image.', { param: 'messages.[0].content.[1].image_url' }),
      ['data:image/png;base64,AAAA'],
    ],
    ['by a place that there is not', error('messages.7.content.1: Could not process image'), []],
  ])('%s', (_, body, named) => {
    expect(readRefusal(400, body, request)).toEqual({ type: 'invalid-files', named })
  })

  test('in Anthropic’s format, also in the results of tools', () => {
    const source = (data: string) => ({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } })
    const body = {
      messages: [
        { role: 'user', content: [source('AAAA')] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'a', content: [source('BBBB'), source('CCCC')] }],
        },
      ],
    }
    const read = (path: string) => readRefusal(400, anthropic(`${path}: image exceeds 5 MB maximum`), body)
    expect(read('messages.0.content.0.image.source.base64')).toMatchObject({ named: ['AAAA'] })
    expect(read('messages.1.content.0.tool_result.content.1.image.source.base64')).toMatchObject({ named: ['CCCC'] })
  })
})

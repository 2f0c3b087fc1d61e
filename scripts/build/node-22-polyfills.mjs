// What Node 22.18, the oldest version that Segue supports, lacks. The build replaces these globals in the files that use them.
export { default as AsyncDisposableStack } from 'core-js-pure/actual/async-disposable-stack/index.js'
export { default as DisposableStack } from 'core-js-pure/actual/disposable-stack/index.js'
export { default as promiseTry } from 'core-js-pure/actual/promise/try.js'
export { default as escapeRegExp } from 'core-js-pure/actual/regexp/escape.js'

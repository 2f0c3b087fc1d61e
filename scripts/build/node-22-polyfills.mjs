// What Node 22.18, the oldest version that Segue supports, lacks. The build replaces these globals in the files that use them.
// A newer Node does not load the replacements.
const load = async (current, replacement) => current ?? (await replacement()).default

export const AsyncDisposableStack = await load(
  globalThis.AsyncDisposableStack,
  () => import('core-js-pure/actual/async-disposable-stack/index.js'),
)
export const DisposableStack = await load(
  globalThis.DisposableStack,
  () => import('core-js-pure/actual/disposable-stack/index.js'),
)
// Without a Promise as `this`, it throws.
export const promiseTry = await load(Promise.try?.bind(Promise), () => import('core-js-pure/actual/promise/try.js'))
export const escapeRegExp = await load(RegExp.escape, () => import('core-js-pure/actual/regexp/escape.js'))

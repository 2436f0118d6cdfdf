/** The addon, or why it could not be loaded. */
declare const loaded: {
  readonly addon?: typeof import('../../native/binding.js')
  readonly failure?: unknown
}
export = loaded

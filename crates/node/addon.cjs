// Requires the addon through the generated loader. The path is static, so that bundlers follow it; a failure is handed over in
// place of being thrown, so that the library can say what to do.
try {
  exports.addon = require('../../native/binding.cjs')
} catch (error) {
  exports.failure = error
}

// Checks the packages that npm would publish: the root package holds no binary, this platform's package only the addon and stays small,
// and the built library loads in plain Node.
import { copyFileSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { execute, main, root, StepError, tool } from './steps.mjs'

const LIMIT = 5_000_000

function expectOk(result, what) {
  if (result.ok) return result
  throw new StepError(`${what} failed:\n${result.output}`)
}

function pack(folder) {
  const result = expectOk(
    execute('npm', ['pack', '--dry-run', '--json', folder]),
    `npm pack ${folder}`,
  )
  const [report] = JSON.parse(result.stdout)
  console.log(`${report.name}: ${report.size} bytes packed, ${report.unpackedSize} unpacked`)
  return { ...report, paths: report.files.map((file) => file.path) }
}

function checkRootPackage() {
  const { paths } = pack(root)
  if (paths.some((path) => path.endsWith('.node')))
    throw new StepError('the root package holds a binary')
  for (const path of ['dist/index.js', 'index.d.ts', 'native/binding.cjs', 'LICENSE']) {
    if (!paths.includes(path)) throw new StepError(`the root package lacks ${path}`)
  }
}

function checkPlatformPackage() {
  const binary = readdirSync(join(root, 'native')).find((name) => name.endsWith('.node'))
  if (binary === undefined) throw new StepError('no addon in native/: run `npm run build`')
  const folder = join(root, 'native', 'npm')
  expectOk(execute(tool('napi'), ['create-npm-dirs', '--npm-dir', folder]), 'napi create-npm-dirs')
  const platform = join(folder, binary.split('.')[1])
  if (!existsSync(platform)) {
    throw new StepError(`${binary} belongs to no target in package.json`)
  }
  copyFileSync(join(root, 'native', binary), join(platform, binary))
  const { name, unpackedSize, paths } = pack(platform)
  if (!paths.includes(binary)) throw new StepError(`${name} lacks ${binary}`)
  if (unpackedSize >= LIMIT)
    throw new StepError(`${name}: ${unpackedSize} bytes, the limit is ${LIMIT}`)
}

main(() => {
  checkRootPackage()
  checkPlatformPackage()
  expectOk(execute(process.execPath, ['-e', 'import("unrolled")']), 'import of the built library')
})

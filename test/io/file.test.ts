import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dense, sequential } from 'unrolled'
import { importKeras } from 'unrolled/keras'
import { importOnnx } from 'unrolled/onnx'
import { importPyTorch } from 'unrolled/pytorch'
import { afterAll, describe, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-file-'))
afterAll(() => rmSync(folder, { recursive: true }))

const model = sequential([dense({ inputSize: 1, size: 1 })])
const imports: [string, (path: string) => Promise<unknown>][] = [
  ['importKeras', (path) => importKeras(path)],
  ['importOnnx', (path) => importOnnx(path)],
  ['importPyTorch', (path) => importPyTorch(model, path)],
]

describe.each(imports)('%s', (_, read) => {
  test('refuses a folder', async () => {
    await expect(read(folder)).rejects.toMatchObject({
      code: 'ERR_UNROLLED_IO',
      message: expect.stringContaining('EISDIR'),
    })
  })

  test.skipIf(process.platform === 'win32')('refuses a pipe, which nobody may write', async () => {
    const pipe = join(mkdtempSync(join(folder, 'pipe-')), 'model')
    execFileSync('mkfifo', [pipe])
    await expect(read(pipe)).rejects.toMatchObject({
      code: 'ERR_UNROLLED_IO',
      message: expect.stringContaining('received a device or pipe'),
    })
  })
})

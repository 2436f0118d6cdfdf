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

describe.each(imports)('%s', (name, read) => {
  test('refuses a folder', async () => {
    await expect(read(folder)).rejects.toMatchObject({
      code: 'ERR_UNROLLED_IO',
      message: expect.stringContaining(
        `cannot read '${folder}': expected a regular file, received a directory`,
      ),
    })
  })

  test('refuses a path to nothing', async () => {
    const path = join(folder, 'nothing')
    const [ours, load] = await Promise.all(
      [read(path), model.load(path)].map((it) => it.catch((error: Error) => error.message)),
    )
    // The system's words differ in a letter's case.
    const begins = `cannot read '${path}': no such file or directory`
    expect(String(ours)).toBe(`${name}: ${begins}`)
    expect(String(load).toLowerCase()).toContain(begins.toLowerCase())
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

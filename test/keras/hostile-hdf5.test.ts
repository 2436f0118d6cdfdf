import type * as hdf5 from 'h5wasm'
import { FS, Module } from 'h5wasm'
import { UnrolledError } from 'unrolled'
import { importKeras } from 'unrolled/keras'
import { describe, expect, test, vi } from 'vitest'
import { dense, golden, refusal, weights, written } from '../support/keras.js'

describe('HDF5', () => {
  test('a whole one is read, in single or double precision', async () => {
    for (const dtype of ['<f', '<d']) {
      const bytes = weights((vars) =>
        vars.create_dataset({ name: '0', data: [1, 2, 3, 4, 5, 6], shape: [3, 2], dtype }),
      )
      const { model } = await importKeras(bytes, { config: dense(2) })
      expect([...(model.parameters()['d.weight']?.values ?? [])]).toEqual([1, 3, 5, 2, 4, 6])
    }
  })

  test.each<[string, (vars: hdf5.Group) => unknown, string]>([
    [
      'a link to another file',
      (vars) => vars.create_external_link('/etc/passwd', '/', '0'),
      'a link to "/etc/passwd"',
    ],
    [
      'a link to another place',
      (vars) => vars.create_soft_link('/elsewhere', '0'),
      'a link to "/elsewhere"',
    ],
    [
      'integers',
      (vars) =>
        vars.create_dataset({ name: '0', data: [1, 2, 3, 4, 5, 6], shape: [3, 2], dtype: '<i' }),
      'numbers of float32',
    ],
    [
      'another shape',
      (vars) =>
        vars.create_dataset({ name: '0', data: [1, 2, 3, 4, 5, 6], shape: [2, 3], dtype: '<f' }),
      '0 [2, 3]',
    ],
    [
      'one more tensor',
      (vars) =>
        ['0', '1'].map((name) =>
          vars.create_dataset({ name, data: [1, 2, 3, 4, 5, 6], shape: [3, 2], dtype: '<f' }),
        ),
      'expected kernel, received',
    ],
    ['none', () => undefined, 'expected kernel, received none'],
    ['a group', (vars) => vars.create_group('0'), 'expected numbers, received nothing'],
    [
      'NaN',
      (vars) =>
        vars.create_dataset({
          name: '0',
          data: [1, 2, 3, 4, 5, Number.NaN],
          shape: [3, 2],
          dtype: '<f',
        }),
      'NaN',
    ],
  ])('%s is refused', async (_, make, message) => {
    const error = await refusal(weights(make), { config: dense(2) })
    expect(error.message).toContain(message)
    expect(error.code).toBe(message === 'NaN' ? 'ERR_UNROLLED_NON_FINITE' : 'ERR_UNROLLED_FORMAT')
  })

  test.each([2 ** 20, 2 ** 30, 2 ** 52])(
    'a declared size of 3 x %i is refused before memory is asked for',
    async (units) => {
      const bytes = weights((vars) =>
        vars
          .create_dataset({
            name: '0',
            data: [],
            shape: [0, 0],
            maxshape: [null, null],
            chunks: [1, 1],
            dtype: '<f',
          })
          .resize([3, units]),
      )
      const before = process.memoryUsage().arrayBuffers
      const started = performance.now()
      const error = await refusal(bytes, { config: dense(units) })
      expect(['ERR_UNROLLED_SIZE', 'ERR_UNROLLED_FORMAT']).toContain(error.code)
      expect(performance.now() - started).toBeLessThan(5000)
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26)
    },
  )

  test('groups that hold themselves, or each the next one twice, end', async () => {
    const loop = written((file) => {
      file.create_group('layers')
      file.create_hard_link('/layers', 'layers/loop')
    })
    expect((await refusal(loop, { config: dense(2) })).code).toBe('ERR_UNROLLED_SIZE')
    const doubled = written((file) => {
      const names = Array.from({ length: 25 }, (_, at) => `/g${at}`)
      for (const name of ['/layers', ...names]) file.create_group(name)
      for (const [at, name] of names.entries()) {
        const holder = ['/layers', ...names][at]
        for (const link of ['a', 'b']) file.create_hard_link(name, `${holder}/${link}`)
      }
    })
    const started = performance.now()
    expect((await refusal(doubled, { config: dense(2) })).code).toBe('ERR_UNROLLED_SIZE')
    expect(performance.now() - started).toBeLessThan(5000)
  })

  describe('heaps without an end are refused at once', () => {
    const whole = golden('keras2.h5')
    /** The file with numbers of 8 bytes changed, from the first mark of a structure. */
    const patched = (mark: string, words: (at: number) => [place: number, word: number][]) => {
      const bytes = Uint8Array.from(whole)
      const view = new DataView(bytes.buffer)
      for (const [place, word] of words(whole.indexOf(mark)))
        view.setBigUint64(place, BigInt(word), true)
      return bytes
    }
    const at = whole.indexOf('HEAP')
    const data = Number(whole.readBigUInt64LE(at + 24))
    const cases: [string, Uint8Array][] = [
      // The list of free blocks begins at byte 8 of the names, with a block that leads to itself.
      [
        'a free block before itself',
        patched('HEAP', () => [
          [at + 16, 8],
          [data + 8, 8],
        ]),
      ],
      [
        'two free blocks in a circle',
        patched('HEAP', () => [
          [at + 16, 8],
          [data + 8, 24],
          [data + 24, 8],
        ]),
      ],
      ['names of 2^31 bytes', patched('HEAP', () => [[at + 8, 2 ** 31]])],
      [
        'a text of nothing after another',
        patched('GCOL', (heap) => [
          [heap + 16, 0],
          [heap + 24, 0],
        ]),
      ],
      ['texts of 2^40 bytes', patched('GCOL', (heap) => [[heap + 8, 2 ** 40]])],
    ]
    test.each(cases)('%s', async (_, bytes) => {
      const started = performance.now()
      const error = await refusal(bytes)
      expect([error.code, error.message]).toEqual([
        'ERR_UNROLLED_FORMAT',
        expect.stringMatching(/importKeras: bytes byte \d+: expected structures with an end/),
      ])
      expect(performance.now() - started).toBeLessThan(1000)
    })
  })

  test('a header of 2^30 bytes takes none of them', async () => {
    // The superblock has the address of the root's header at byte 64, whose first message, of two words, stands behind 16
    // bytes. It becomes one that says where the header goes on, and with how many bytes.
    const bytes = Uint8Array.from(golden('keras2.h5'))
    const view = new DataView(bytes.buffer)
    const message = Number(view.getBigUint64(64, true)) + 16
    view.setUint16(message, 0x10, true)
    view.setBigUint64(message + 16, 2n ** 30n, true)
    const before = Module['HEAPU8'].length
    expect((await refusal(bytes)).message).toContain('expected structures with an end')
    expect(Module['HEAPU8'].length).toBe(before)
  })

  test('texts that cannot be read leave no pointers to give back', async () => {
    // The first text of the heap has another number than the attributes say; what malloc gives is full of wild pointers.
    const bytes = Uint8Array.from(golden('keras2.h5'))
    const heap = Buffer.from(bytes.buffer).indexOf('GCOL')
    new DataView(bytes.buffer).setUint16(heap + 16, 99, true)
    const { _malloc: allocate } = Module
    Module['_malloc'] = (count: number) => {
      const at = allocate(count)
      Module['HEAPU8'].fill(0xab, at, at + count)
      return at
    }
    const { cause } = await refusal(bytes)
    Module['_malloc'] = allocate
    expect(String(cause)).toMatch(/^Error: HDF5-DIAG/)
  })

  test('300 files, whole or damaged, leave nothing in the memory of the library', async () => {
    const whole = golden('keras2.h5')
    const damaged = ['SNOD', 'TREE', 'HEAP', 'GCOL'].map((mark) => {
      const bytes = Uint8Array.from(whole)
      bytes.set([0], whole.indexOf(mark))
      return bytes
    })
    const printed = vi.spyOn(console, 'error')
    const kept = () => [
      Module['HEAPU8'].length,
      ...['/', '/tmp'].map((folder) => FS?.readdir(folder).length),
    ]
    const read = async (times: number) => {
      for (let i = 0; i < times; i++) {
        const { model } = await importKeras(whole)
        model.dispose()
        for (const bytes of damaged) expect((await refusal(bytes)).cause).toBeInstanceOf(Error)
      }
    }
    await read(5)
    const before = kept()
    await read(60)
    expect(kept()).toEqual(before)
    expect(printed).not.toHaveBeenCalled()
  })

  test('one cut short at any length is refused, one with a flipped bit is read or refused', async () => {
    const whole = golden('keras2-weights.weights.h5')
    const config = golden('keras2-weights.json').toString()
    for (let length = 0; length < whole.length; length += length < 200 ? 9 : 811) {
      expect((await refusal(whole.subarray(0, length), { config })).code).toBe(
        'ERR_UNROLLED_FORMAT',
      )
    }
    for (let place = 5; place < whole.length; place += 307) {
      const bytes = Uint8Array.from(whole)
      bytes[place] = (bytes[place] ?? 0) ^ (1 << (place % 8))
      const error: unknown = await importKeras(bytes, { config }).then(
        () => undefined,
        (it: unknown) => it,
      )
      if (error !== undefined) expect(error).toBeInstanceOf(UnrolledError)
    }
  })

  test('weights alone ask for the model, a model refuses another', async () => {
    const alone = golden('keras2-weights.weights.h5')
    expect((await refusal(alone)).message).toContain(
      'give the model by { config: model.to_json() }',
    )
    const error = await refusal(golden('tagger.keras'), { config: '{}' })
    expect(error.code).toBe('ERR_UNROLLED_ARGUMENT')
  })
})

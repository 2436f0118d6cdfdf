import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { adam, fromBytes, type Model, type Result, type Sequence } from 'unrolled'
import { importKeras } from 'unrolled/keras'
import { describe, expect, test, vi } from 'vitest'

const folder = fileURLToPath(new URL('../golden/keras/', import.meta.url))

type Rows = readonly unknown[]

interface Sample {
  readonly x: Readonly<Record<string, Rows>>
  readonly lengths: Readonly<Record<string, readonly number[]>>
  readonly y: Readonly<Record<string, Rows>>
}

interface Entry {
  readonly file: string
  readonly samples: readonly Sample[]
}

function entries(version: 2 | 3 | 'tfjs'): (readonly [string, Entry])[] {
  return Object.entries(JSON.parse(readFileSync(`${folder}samples-${version}.json`, 'utf8')))
}

/** Cuts each row to its length: of an output of steps, to that of the last input of as many. */
function ragged({ x, y, lengths }: Sample): Record<'x' | 'y', Record<string, Rows>> {
  const cut = (rows: Rows, own?: readonly number[]) =>
    rows.map((row, at) => (row as unknown[]).slice(0, own?.[at] ?? Number.POSITIVE_INFINITY))
  const steps = (rows: Rows) => {
    const [row = []] = rows as readonly (readonly unknown[])[]
    return Array.isArray(row[0]) ? row.length : undefined
  }
  const like = (rows: Rows) =>
    Object.keys(x).findLast((name) => (x[name] as Rows[])[0]?.length === steps(rows))
  const all = (given: Sample['x'], of: (name: string, rows: Rows) => string | undefined) =>
    Object.fromEntries(
      Object.entries(given).map(([name, rows]) => [name, cut(rows, lengths[of(name, rows) ?? ''])]),
    )
  return { x: all(x, (name) => name), y: all(y, (_, rows) => like(rows)) }
}

describe.each([3, 2, 'tfjs'] as const)('what Keras %s wrote', (version) => {
  test.each(entries(version))('%s gives its outputs', async (name, { file, samples }) => {
    const weightsAlone = file.endsWith('.weights.h5')
    const config = weightsAlone ? { config: readFileSync(`${folder}${name}.json`, 'utf8') } : {}
    for (const sample of samples) {
      const given = { ...config, sample: ragged(sample) }
      const { report } = await importKeras(`${folder}${file}`, given)
      expect(report.largestDifference).toBeLessThan(1e-5)
      expect(report.leftOver).toEqual([])
      expect(report.missing).toEqual([])
    }
  })
})

const read = (file: string) => importKeras(`${folder}${file}`)

describe('the model', () => {
  test('is made of layers under their names, and says how each was converted', async () => {
    const { model, report } = await read('tagger.keras')
    expect(model.summary()).toContain('bidirectional.forward')
    expect(report.matched.map(({ source }) => source)).toEqual([
      'embedding',
      'bidirectional',
      'layer_normalization',
      'dropout',
      'time_distributed',
    ])
    const [table, both, norm, , scores] = report.matched
    expect(table?.conventions.join()).toContain('mask_zero -> the lengths of the rows')
    expect(both?.conventions).toContain('gates i, f, c, o = i, f, g, o')
    expect(both?.conventions).toContain('bias -> input bias, recurrent bias 0')
    expect(both?.parameters).toContain('bidirectional.backward.weight_hh_l0')
    expect(norm?.parameters).toEqual(['layer_normalization.weight', 'layer_normalization.bias'])
    expect(scores?.parameters).toEqual(['time_distributed.weight', 'time_distributed.bias'])
    const named = report.matched.flatMap(({ parameters }) => parameters)
    expect(named.sort()).toEqual(Object.keys(model.parameters()).sort())
  })

  test('learns on as logits, which softmax makes the outputs of', async () => {
    const path = `${folder}tagger.keras`
    const [{ model }, whole] = await Promise.all([
      importKeras(path, { logits: true }),
      read('tagger.keras'),
    ])
    const x = [
      [3, 1, 4],
      [1, 5],
    ]
    const begin = async (it: Model): Promise<readonly number[]> => {
      const { output } = await it.predict(x)
      return (output as Result<Sequence>).toNested()[0]?.[0] ?? []
    }
    const [first, scores] = [await begin(model), await begin(whole.model)]
    const all = first.reduce((sum, value) => sum + Math.exp(value), 0)
    for (const [at, value] of first.entries()) {
      expect(Math.exp(value) / all).toBeCloseTo(scores[at] ?? Number.NaN, 5)
    }
    const y = [
      [0, 1, 2],
      [2, 0],
    ]
    const measured = async () => (await model.evaluate({ x, y }, { loss: 'crossEntropy' })).loss
    const before = await measured()
    await model.fit(
      { x, y },
      { loss: 'crossEntropy', epochs: 150, optimizer: adam({ learningRate: 0.02 }) },
    )
    expect(await measured()).toBeLessThan(before / 2)
  })

  test('saved and loaded gives the same bits', async () => {
    const { model } = await read('activations.keras')
    const x = [[[0.5, -0.25, 1]]] as never
    const again = fromBytes<typeof model>(model.toBytes())
    const values = async (it: typeof model) =>
      Object.values(await it.predict(x)).map((result) => (result as { values?: unknown }).values)
    expect(await values(again)).toEqual(await values(model))
  })

  test('rows of unlike lengths go on axes of their own, unless a layer joins them', async () => {
    const axes = async (file: string) => {
      const { model } = await read(file)
      return model.graph.nodes.flatMap(({ op }) => {
        const text = typeof op === 'object' && 'input' in op ? JSON.stringify(op.input) : ''
        return [...text.matchAll(/"axis":"(\w+)"/g)].map(([, axis]) => axis)
      })
    }
    expect(await axes('translator.keras')).toEqual(['source', 'target'])
    expect(await axes('tagger.keras')).toEqual(['time'])
  })

  test('a sample of another shape or name is refused', async () => {
    const sample = (y: object) => ({ sample: { x: [[1, 2]], y } })
    const given = (y: object) => importKeras(`${folder}tagger.keras`, sample(y))
    const refused = (y: object, code: string, message: string) =>
      expect(given(y)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
    const size =
      'importKeras sample y output: expected the shape of the output for x, [1, time, 3] of 2'
    await refused([[[0, 0, 0]]], 'ERR_UNROLLED_SHAPE', size)
    const named = 'importKeras sample y: unknown name "tags"; known: output'
    await refused({ tags: [] }, 'ERR_UNROLLED_ARGUMENT', named)
    for (const y of [{}, null, undefined, 3, 'y', 3n]) {
      await expect(given(y as never)).rejects.toThrow(/^importKeras sample y(\.output)?: expected/)
    }
    const file = `${folder}tagger.keras`
    const nothing = importKeras(file, { sample: null as never })
    await expect(nothing).rejects.toThrow('importKeras sample: expected a value, or undefined')
    const none = importKeras(file, { sample: { x: [], y: [] } })
    await expect(none).rejects.toThrow(
      'importKeras sample y: expected numbers to compare, received none',
    )
    const { report } = await given({ values: new Float32Array(6).fill(9), shape: [1, 2, 3] })
    expect(report.largestDifference).toBeGreaterThan(8)
    expect(report.largestDifference).toBeLessThan(9)
  })
})

test('without h5wasm the error says how to get it', async () => {
  vi.doMock('h5wasm', () => {
    throw new Error('Cannot find package')
  })
  await expect(read('tagger.keras')).rejects.toMatchObject({
    code: 'ERR_UNROLLED_IO',
    message: expect.stringContaining('npm install h5wasm'),
  })
  vi.doUnmock('h5wasm')
})

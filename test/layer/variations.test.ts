import { graph, gru, lstm, rnn } from 'unrolled'
import { expect, test } from 'vitest'
import { distance, type Golden, goldenCases, ragged } from '../support/golden.js'

// Options of the recurrent layers against PyTorch in double precision: values, gates, and every gradient.

interface Facts {
  readonly kind: 'lstm' | 'gru' | 'rnn'
  readonly input: number
  readonly units: number
  readonly options: object
}

const cases = goldenCases<Facts>('variations')

/** The numbers of each row. */
function rowsOf({ shape, values }: Golden): number[][] {
  const [rows = 0, size = 0] = shape
  return Array.from({ length: rows }, (_, row) => values.slice(row * size, (row + 1) * size))
}

test('all cases are there', () => {
  expect(cases.length).toBe(23)
})

test.each(cases.map((it) => [`${it.name} ${JSON.stringify(it.facts.options)}`, it] as const))(
  '%s',
  async (_, { facts, tensors }) => {
    const { kind, input: size, units, options } = facts
    const tensor = (name: string): Golden => tensors.get(name) ?? { shape: [], values: [] }
    const model = graph({ x: { sequence: { size } } }, ({ x }) => {
      const { output, state } = { lstm, gru, rnn }[kind]({
        ...options,
        hiddenSize: units,
        name: 'net',
      })(x)
      return { output, ...state }
    })
    const names = Object.keys(model.parameters())
    model.setParameters(
      Object.fromEntries(
        names.map((name) => [name, Float32Array.from(tensor(name.slice('net.'.length)).values)]),
      ),
    )
    expect(names.length).toBe(
      [...tensors.keys()].filter((name) => name.startsWith('gradient/')).length - 1,
    )
    const lengths = tensor('lengths').values
    const x = ragged(tensor('x'), lengths)
    const results = [...tensors.keys()].flatMap((name) =>
      name.startsWith('result/') ? [name.slice('result/'.length)] : [],
    )
    const { state: __, ...outputs } = await model.predict({ x })
    expect(Object.keys(outputs).sort()).toEqual(results.sort())
    for (const name of results) {
      const found = outputs[name as 'output'].values
      expect(distance(found, tensor(`result/${name}`)), name).toBeLessThan(2e-6)
    }
    const target = (name: string) => tensor(`target/${name}`)
    const y = Object.fromEntries(
      results.map((name) => [
        name,
        name === 'output' ? ragged(target(name), lengths) : rowsOf(target(name)),
      ]),
    )
    const loss = { kind: { meanSquared: {} }, reduction: 'sum', weight: 1 } as const
    const losses = Object.fromEntries(results.map((name) => [name, loss]))
    const found = await model.gradients({ x: { x }, y } as never, { loss: losses as never })
    expect(distance(found.inputs.x.values, tensor('gradient/x')), 'x').toBeLessThan(1e-5)
    for (const [name, { values }] of Object.entries(found.parameters)) {
      const expected = tensor(`gradient/${name.slice('net.'.length)}`)
      expect(distance(values, expected), name).toBeLessThan(1e-5)
    }
  },
)

const withGates = cases.filter(({ tensors }) =>
  [...tensors.keys()].some((it) => it.startsWith('trace/')),
)

test.each(withGates.map((it) => [`${it.name} ${JSON.stringify(it.facts.options)}`, it] as const))(
  'gates at every step: %s',
  async (_, { facts, tensors }) => {
    const { kind, input: size, units, options } = facts
    const tensor = (name: string): Golden => tensors.get(name) ?? { shape: [], values: [] }
    const layer = () => ({ lstm, gru, rnn })[kind]({ ...options, hiddenSize: units, name: 'net' })
    const model = graph({ x: { sequence: { size } } }, ({ x }) => {
      const { output, state, trace } = layer()(x)
      const last = Object.fromEntries(
        Object.entries(state).map(([name, it]) => [`last ${name}`, it]),
      )
      return { output, ...trace, ...last }
    })
    const plain = graph({ x: { sequence: { size } } }, ({ x }) => ({ output: layer()(x).output }))
    for (const it of [model, plain]) {
      const names = Object.keys(it.parameters())
      const values = names.map((name) =>
        Float32Array.from(tensor(name.slice('net.'.length)).values),
      )
      it.setParameters(Object.fromEntries(names.map((name, i) => [name, values[i]])) as never)
    }
    const lengths = tensor('lengths').values
    const x = ragged(tensor('x'), lengths)
    const found = (await model.predict({ x })) as unknown as Record<
      string,
      { values: Float32Array }
    >
    const values = (name: string) => found[name]?.values ?? new Float32Array()
    const gates = kind === 'lstm' ? ['i', 'f', 'g', 'o'] : ['r', 'z', 'n']
    for (const gate of gates) {
      expect(distance(values(gate), tensor(`trace/${gate}`)), gate).toBeLessThan(2e-6)
      if (gate === 'g' || gate === 'n') continue
      const valid = ragged(
        { shape: tensor(`trace/${gate}`).shape, values: [...values(gate)] },
        lengths,
      )
      expect(valid.flat(2).every((value) => value > 0 && value < 1)).toBe(true)
    }
    // Reading them changes no bit of the output, which is the trace of h; the last of each state is its trace's.
    expect(values('output')).toEqual((await plain.predict({ x })).output.values)
    expect(values('h')).toEqual(values('output'))
    const [, time = 0] = tensor('x').shape
    for (const state of kind === 'lstm' ? ['h', 'c'] : ['h']) {
      const last = values(`last ${state}`)
      const width = last.length / lengths.length
      for (const [row, length] of lengths.entries()) {
        const at = (row * time + length - 1) * width
        expect(values(state).slice(at, at + width)).toEqual(
          last.slice(row * width, (row + 1) * width),
        )
      }
    }
  },
)

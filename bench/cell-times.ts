// Times forms of an LSTM with peepholes in a process of its own.
import {
  add,
  cell,
  linear,
  lstm,
  multiply,
  type Parameter,
  parameter,
  scan,
  sequential,
  sigmoid,
  tanh,
} from 'unrolled'
import { report } from './child.js'
import { examples, type lstmModel, randomBatch, type Shape, timeStep } from './lstm.js'
import { interleave } from './measure.js'

/** Milliseconds of a step of training, round by round: of the LSTM, and by form of that with peepholes. */
export interface CellTimes {
  readonly plain: readonly number[]
  readonly forms: Readonly<Record<string, readonly number[]>>
}

type OneLayer = ReturnType<typeof lstmModel>

await report<{ readonly units: number; readonly rounds: number }>(async ({ units, rounds }) => {
  const shape = { rows: 32, time: 50, inputSize: units, hiddenSize: units }
  const plain = sequential([lstm({ inputSize: units, hiddenSize: units })], { seed: 1 })
  const models: Record<string, OneLayer> = {
    plain,
    'peepholes by option': sequential(
      [lstm({ inputSize: units, hiddenSize: units, peepholes: true })],
      { seed: 1 },
    ),
    'peepholes by equations': sequential([scan(peephole(units), { name: 'own' })], {
      seed: 1,
      input: { sequence: { size: units } },
    }) as unknown as OneLayer,
  }
  await check(models, shape)
  const batch = randomBatch(shape)
  const steps = Math.ceil(4096 / units)
  const samplers = Object.entries(models).map(
    ([name, model]) => [name, () => timeStep(model, shape, batch, steps)] as const,
  )
  const samples = await interleave(Object.fromEntries(samplers), rounds)
  const { plain: first, ...forms } = Object.fromEntries(
    Object.entries(samples).map(([name, times]) => [name, times.map(({ wall }) => wall)]),
  )
  return { plain: first, forms }
})

/** The cell as its equations read. */
function peephole(units: number) {
  return cell({ h: units, c: units }, ({ h, c }, x) => {
    const sum = (gate: string) =>
      add(
        linear(units, { name: `x_${gate}` })(x),
        linear(units, { name: `h_${gate}`, bias: false })(h),
      )
    const see = (gate: string, it: typeof c) =>
      sigmoid(add(sum(gate), multiply(parameter(units, { name: `c_${gate}` }), it)))
    const next = add(multiply(see('f', c), c), multiply(see('i', c), tanh(sum('g'))))
    return { h: multiply(see('o', next), tanh(next)), c: next }
  })
}

/** Gives all models the weights of the first: with peepholes of zero the outputs must agree. */
async function check(models: Readonly<Record<string, OneLayer>>, shape: Shape): Promise<void> {
  const { x } = examples(shape, randomBatch(shape))
  const { plain } = models as { readonly plain: OneLayer }
  const parameters = plain.parameters() as Readonly<Record<string, Parameter>>
  const expected = (await plain.predict(x)).output.values
  for (const [name, model] of Object.entries(models)) {
    const own = Object.entries(model.parameters() as Readonly<Record<string, Parameter>>)
    const given = own.map(([of, { shape }]) => [
      of,
      { shape, values: numbers(of, shape, parameters) },
    ])
    model.setParameters(Object.fromEntries(given))
    const actual = (await model.predict(x)).output.values
    const apart = expected.reduce(
      (most, it, i) => Math.max(most, Math.abs(it - (actual[i] ?? NaN))),
      0,
    )
    if (!(apart <= 1e-5))
      throw new Error(`${name}: expected the outputs of lstm, received ${apart}`)
  }
}

/** The numbers of a parameter that has a gate's part of the LSTM's, or all gates; zeros of a peephole. */
function numbers(
  name: string,
  shape: readonly number[],
  lstm: Readonly<Record<string, Parameter>>,
): Float32Array {
  const size = shape.reduce((product, n) => product * n, 1)
  const none = new Float32Array(size)
  const of = (part: string) =>
    Object.entries(lstm).find(([whole]) => whole.includes(part))?.[1].values ?? none
  const [, side] = /((?:weight|bias)_[ih]h)_l0/.exec(name) ?? []
  if (side !== undefined) return of(side)
  const [, from, gate = '', kind] = /([xh])_([ifgo])\.(weight|bias)/.exec(name) ?? []
  if (from === undefined) return none
  const first = 'ifgo'.indexOf(gate) * size
  const part = (it: Float32Array) => it.slice(first, first + size)
  if (kind === 'weight') return part(of(from === 'x' ? 'weight_ih' : 'weight_hh'))
  const other = part(of('bias_hh'))
  return part(of('bias_ih')).map((it, i) => it + (other[i] ?? 0))
}

import {
  activation,
  add,
  affine,
  concat,
  dense,
  dropout,
  embedding,
  layerNorm,
  max,
  maximum,
  mean,
  minimum,
  multiply,
  type Numeric,
  repeat,
  subtract,
  type Value,
} from '../index.js'
import type { LayerSpec } from './architecture.js'
import { fault, shapeText, shown } from './fault.js'
import { Fields } from './fields.js'
import { functionOf, type NumberFunction } from './functions.js'
import { type Instance, joined, type Kind, ownName, type WeightSet } from './kind.js'
import { turned } from './matrix.js'

/** A layer without steps of its own: its result has the steps of its inputs. */
function stepwise(make: (spec: LayerSpec) => Instance): Kind {
  return { trace: (_, inputs) => [joined(inputs)], make }
}

/** A layer without weights. */
function plain(conventions: readonly string[], apply: (...inputs: Numeric[]) => Value): Instance {
  return {
    conventions,
    apply: (inputs) => [apply(...(inputs as Numeric[]))],
    weights: () => [],
  }
}

function numeric({ where }: LayerSpec, inputs: readonly Value[]): Numeric {
  const [x] = inputs
  if (x?.kind === 'vector' || x?.kind === 'sequence') return x
  throw fault(where, 'numbers', x === undefined ? 'nothing' : `${x.kind}`)
}

function makeDense(spec: LayerSpec): Instance {
  const { config, version } = spec
  const units = config.count('units')
  const bias = config.flag('use_bias', true)
  const after = functionOf(config, 'activation', version)
  const name = ownName(spec)
  const own = after.own !== undefined
  const layer = dense({ size: units, bias, name, ...(own && { activation: after.own }) })
  let inputs = 0
  return {
    conventions: ['kernel transposed', ...(after.note === undefined ? [] : [after.note])],
    apply(values) {
      const x = numeric(spec, values)
      inputs = x.size
      const y: Numeric = layer(x)
      return [own ? y : after.apply(y)]
    },
    weights: () => [
      {
        place: '',
        tensors: [
          { leaf: 'kernel', shape: [inputs, units] },
          ...(bias ? [{ leaf: 'bias', shape: [units] }] : []),
        ],
        convert: ([kernel = EMPTY, offset = EMPTY]) => [
          [`${name}.weight`, turned(kernel, inputs, units, [0])],
          ...(bias ? [[`${name}.bias`, offset] as const] : []),
        ],
      },
    ],
  }
}

const EMPTY = new Float32Array(0)

function makeEmbedding(spec: LayerSpec): Instance {
  const { config, where } = spec
  const [ids, size] = [config.count('input_dim'), config.count('output_dim')]
  const name = ownName(spec)
  const layer = embedding({ size, vocabularySize: ids, name })
  return {
    conventions: config.flag('mask_zero')
      ? [
          'mask_zero -> the lengths of the rows: padding is left out, and ids 0 inside a row are not masked',
        ]
      : [],
    apply([x]) {
      if (x?.kind !== 'tokens' && x?.kind !== 'token') {
        throw fault(where, 'an input of ids', x === undefined ? 'nothing' : `a ${x.kind}`)
      }
      return [layer(x)]
    },
    weights: () => [
      {
        place: '',
        tensors: [{ leaf: 'embeddings', shape: [ids, size] }],
        convert: ([table = EMPTY]) => [[`${name}.weight`, table]],
      },
    ],
  }
}

const embeds: Kind = {
  trace({ config, where }, [x]) {
    const input = x?.input
    if (input === undefined) return [{ axis: x?.axis }]
    const ids = config.count('input_dim')
    if (input.vocabulary !== undefined && input.vocabulary !== ids) {
      throw fault(
        `${where} input_dim`,
        `${input.vocabulary}, as of another Embedding of this input`,
        `${ids}`,
      )
    }
    input.vocabulary = ids
    return [{ axis: input.axis }]
  },
  make: makeEmbedding,
}

/** The most numbers that a normalization without weights has: no bytes of the file stand for them. */
const MOST_FREE = 2 ** 20

function makeNorm(spec: LayerSpec): Instance {
  const { config, where } = spec
  const axis = config.get('axis') ?? -1
  const [last, ...more] = Array.isArray(axis) ? (axis as readonly unknown[]) : [axis]
  if (config.flag('rms_scaling')) throw fault(`${where} rms_scaling`, 'false', 'true')
  const [center, scale] = [config.flag('center', true), config.flag('scale', true)]
  const name = ownName(spec)
  const layer = layerNorm({ epsilon: config.number('epsilon', 1e-3), name })
  let size = 0
  return {
    conventions: ['gamma -> weight, beta -> bias'],
    apply(inputs) {
      const x = numeric(spec, inputs)
      size = x.size
      checkLast(`${where} axis`, x, more.length === 0 ? last : axis)
      if (!center && !scale && size > MOST_FREE) {
        throw fault(
          where,
          `at most ${MOST_FREE} numbers`,
          `${size}`,
          undefined,
          'ERR_UNROLLED_SIZE',
        )
      }
      return [layer(x)]
    },
    weights: () => [
      {
        place: '',
        tensors: [
          ...(scale ? [{ leaf: 'gamma', shape: [size] }] : []),
          ...(center ? [{ leaf: 'beta', shape: [size] }] : []),
        ],
        convert: (values) => [
          [`${name}.weight`, (scale ? values[0] : undefined) ?? new Float32Array(size).fill(1)],
          [`${name}.bias`, (center ? values[scale ? 1 : 0] : undefined) ?? new Float32Array(size)],
        ],
      },
    ],
  }
}

/** Refuses an axis other than that of the numbers of a step. */
function checkLast(where: string, x: Numeric, axis: unknown): void {
  const last = x.kind === 'sequence' ? 2 : 1
  if (axis === -1 || axis === last) return
  throw fault(where, `-1 or ${last}, the numbers of a step`, shown(axis))
}

function makeDropout(spec: LayerSpec): Instance {
  const { config, className } = spec
  const noise: unknown = config.get('noise_shape')
  const fixed = className === 'SpatialDropout1D' || (Array.isArray(noise) && noise[1] === 1)
  if (noise !== undefined && !fixed) {
    throw fault(`${spec.where} noise_shape`, 'none, or 1 for time', shown(noise))
  }
  const rate = config.number('rate')
  if (rate === 0) return plain([], (x) => x)
  const layer = dropout({ rate, fixed, name: ownName(spec) })
  return plain([fixed ? 'one mask for all steps of a row' : 'one mask a step'], (x) => layer(x))
}

function makeActivation(spec: LayerSpec, key = 'activation'): Instance {
  const made: NumberFunction = functionOf(spec.config, key, spec.version)
  return plain(made.note === undefined ? [] : [made.note], (x) => made.apply(x))
}

function makeRelu({ config, where }: LayerSpec): Instance {
  for (const key of ['max_value', 'threshold']) {
    if ((config.get(key) ?? 0) !== 0) throw fault(`${where} ${key}`, 'none', shown(config.get(key)))
  }
  const slope = config.number('negative_slope', 0)
  const layer = slope === 0 ? activation('relu') : activation('leakyRelu', { slope })
  return plain([], (x) => layer(x))
}

function makeLeaky({ config }: LayerSpec): Instance {
  const slope = config.number('negative_slope', config.number('alpha', 0.3))
  const layer = activation('leakyRelu', { slope })
  return plain([], (x) => layer(x))
}

function makeElu({ config }: LayerSpec): Instance {
  const layer = activation('elu', { alpha: config.number('alpha', 1) })
  return plain([], (x) => layer(x))
}

function makeSoftmax(spec: LayerSpec): Instance {
  const layer = activation('softmax')
  return plain([], (x) => {
    checkLast(`${spec.where} axis`, x, spec.config.get('axis') ?? -1)
    return layer(x)
  })
}

/** Puts values together number by number, or side by side. */
type Combine = (...values: [Numeric, Numeric, ...Numeric[]]) => Numeric

function combining(combine: Combine, side = false): Kind {
  return stepwise((spec) =>
    plain([], (...values) => {
      const { where, config } = spec
      for (const value of values) {
        numeric(spec, [value])
        if (side) checkLast(`${where} axis`, value, config.get('axis') ?? -1)
        if (value.kind === values[0]?.kind && (side || value.size === values[0].size)) continue
        throw fault(
          where,
          'values of one shape',
          values.map((it) => `${it.kind} ${shapeText([it.size])}`).join(', '),
        )
      }
      const [first, second, ...rest] = values
      if (first === undefined || second === undefined)
        throw fault(where, 'at least two inputs', `${values.length}`)
      return combine(first, second, ...rest)
    }),
  )
}

const average: Combine = (...values) => affine(add(...values), { scale: 1 / values.length })
const largest: Combine = (...values) =>
  values.slice(1).reduce<Numeric>((a, b) => maximum(a, b), values[0])
const smallest: Combine = (...values) =>
  values.slice(1).reduce<Numeric>((a, b) => minimum(a, b), values[0])

function pooling(make: typeof mean): Kind {
  return {
    trace: () => [{}],
    make: ({ where, config }) =>
      plain(['over the valid steps of a row'], (x) => {
        if (x?.kind !== 'sequence') throw fault(where, 'a sequence', shown(x?.kind))
        if (config.flag('keepdims')) throw fault(`${where} keepdims`, 'false', 'true')
        return make()(x)
      }),
  }
}

const repeated: Kind = {
  trace: ({ name }) => [{ axis: { input: name } }],
  make: ({ where, config }) => {
    const steps = config.count('n')
    return plain([], (x) => {
      if (x?.kind !== 'vector') throw fault(where, 'a vector', shown(x?.kind))
      return repeat(x, steps)
    })
  },
}

const flat = stepwise(({ where }) =>
  plain([], (x) => {
    if (x?.kind === 'vector') return x
    throw fault(
      where,
      'a vector',
      shown(x?.kind),
      'rows here have any number of steps: pool them, or take the last',
    )
  }),
)

const masking = stepwise(() =>
  plain(
    [
      'mask -> the lengths of the rows: padding is left out, and masked steps inside a row cannot be said',
    ],
    (x) => x,
  ),
)

/** Layers that see one step at a time. */
const STEPS: readonly (readonly [string, Kind])[] = [
  ['Dense', stepwise(makeDense)],
  ['Activation', stepwise(makeActivation)],
  ['ReLU', stepwise(makeRelu)],
  ['LeakyReLU', stepwise(makeLeaky)],
  ['ELU', stepwise(makeElu)],
  ['Softmax', stepwise(makeSoftmax)],
  ['LayerNormalization', stepwise(makeNorm)],
  ['Dropout', stepwise(makeDropout)],
  ['SpatialDropout1D', stepwise(makeDropout)],
  ['Masking', masking],
]

const INNER: ReadonlyMap<string, Kind> = new Map(STEPS)

/** Applies a layer of one step to all of them, as layers here do. */
const distributed = stepwise((spec) => {
  const { config, where } = spec
  const given = config.fields('layer')
  const className = given.text('class_name')
  const kind = INNER.get(className)
  if (kind === undefined)
    throw fault(`${where} layer`, `one of ${[...INNER.keys()].join(', ')}`, className)
  const made = kind.make({ ...spec, className, config: new Fields(where, given.get('config')) })
  return {
    ...made,
    apply(inputs) {
      const [x] = inputs
      if (x?.kind !== 'sequence') throw fault(where, 'a sequence', shown(x?.kind))
      return made.apply([x], [])
    },
    weights: () => made.weights().map((set): WeightSet => ({ ...set, place: 'layer' })),
  }
})

export const LAYER_KINDS: readonly (readonly [string, Kind])[] = [
  ...STEPS,
  ['Embedding', embeds],
  ['TimeDistributed', distributed],
  ['Add', combining((...values) => add(...values))],
  ['Multiply', combining((...values) => multiply(...values))],
  ['Average', combining(average)],
  ['Maximum', combining(largest)],
  ['Minimum', combining(smallest)],
  ['Subtract', combining((a, b) => subtract(a, b))],
  ['Concatenate', combining((...values) => concat(...values), true)],
  ['GlobalAveragePooling1D', pooling(mean)],
  ['GlobalMaxPooling1D', pooling(max)],
  ['RepeatVector', repeated],
  ['Flatten', flat],
]

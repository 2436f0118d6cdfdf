import {
  add,
  affine,
  concat,
  embedding,
  max,
  maximum,
  mean,
  minimum,
  multiply,
  type Numeric,
  repeat,
  subtract,
} from '../index.js'
import type { LayerSpec } from './architecture.js'
import { fault, shapeText, shown } from './fault.js'
import { Fields } from './fields.js'
import { type Instance, type Kind, ownName, type WeightSet } from './kind.js'
import { checkLast, INNER, numeric, plain, STEPS, stepwise } from './steps.js'

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
        const format = config.text('data_format', 'channels_last')
        if (format !== 'channels_last')
          throw fault(`${where} data_format`, '"channels_last"', shown(format))
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

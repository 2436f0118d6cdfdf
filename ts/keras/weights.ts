import { fault, shapeText, shown } from './fault.js'
import type { Tensor } from './tensor.js'
import type { WeightFile } from './weight-file.js'

/** A layer's place: its name and key, after those of the models around it. */
export interface Place {
  /** The layer's name. */
  readonly name: string
  /** The class in small letters, numbered: Keras 3 files have no names. */
  readonly key: string
}

/** The weights of a file, by layer. */
export interface Weights {
  /**
   * The tensors of a layer in the order of Keras.
   *
   * @param sets The groups of the layer that hold some, such as `forward_layer/cell`, in order.
   */
  of(path: readonly Place[], sets: readonly string[]): readonly Tensor[]
  /** The names of all tensors of layers. */
  all(): readonly string[]
}

/** The weights of `model.weights.h5`, which Keras 3 writes: groups by class, numbered variables. */
export function numberedWeights(file: WeightFile): Weights {
  const root = file.has('layers') ? 'layers' : '_layer_checkpoint_dependencies'
  const kept = file.datasets().filter((path) => path.startsWith(`${root}/`))
  return {
    of(path, sets) {
      const base = path.map(({ key }) => `${root}/${key}`).join('/')
      return sets.flatMap((set) => {
        const group = `${base}/${set === '' ? '' : `${set}/`}vars`
        const count = file.names(group).length
        return Array.from({ length: count }, (_, at) => dataset(file, `${group}/${at}`))
      })
    },
    all: () => kept.filter((path) => !path.includes('/seed_generator/')),
  }
}

/** The weights of a legacy `.h5`: groups by layer, with the names of their weights in order. */
export function namedWeights(file: WeightFile): Weights {
  const root = file.has('model_weights') ? 'model_weights' : ''
  const group = (name: string): string => (root === '' ? name : `${root}/${name}`)
  const within = (layer: string): readonly string[] => {
    const names = texts(file, group(layer), 'weight_names')
    return names.map((name) => `${group(layer)}/${name}`)
  }
  return {
    of([outer, ...inner]) {
      const own = inner.at(-1)?.name
      const paths = within(outer?.name ?? '')
      return paths
        .filter((path) => own === undefined || path.split('/').includes(own))
        .map((path) => dataset(file, path))
    },
    all: () => texts(file, root, 'layer_names').flatMap(within),
  }
}

/** Reads a list of names, which Keras cuts into pieces where it is long. */
function texts(file: WeightFile, path: string, name: string): readonly string[] {
  const whole = file.attribute(path, name)
  if (whole !== undefined) return whole
  const all: string[] = []
  for (let piece = 0; ; piece += 1) {
    const next = file.attribute(path, `${name}${piece}`)
    if (next === undefined) return all
    all.push(...next)
  }
}

function dataset(file: WeightFile, path: string): Tensor {
  const found = file.dataset(path)
  if (found === undefined) throw fault(`${file.where} ${shown(path)}`, 'numbers', 'nothing')
  return found
}

/** Checks that tensors are those of a layer, and reads them. */
export function readTensors(
  where: string,
  tensors: readonly Tensor[],
  expected: readonly { readonly leaf: string; readonly shape: readonly number[] }[],
): Float32Array[] {
  if (tensors.length !== expected.length) {
    const names = expected.map(({ leaf }) => leaf).join(', ')
    const received = tensors.map(({ name }) => name).join(', ') || 'none'
    throw fault(`${where} weights`, names, received)
  }
  for (const [at, { name, shape }] of tensors.entries()) {
    const { leaf, shape: own } = expected[at] ?? { leaf: '', shape: [] }
    const last = (name.split('/').at(-1) ?? '').replace(/:\d+$/, '')
    const fits = (/^\d+$/.test(last) || last === leaf) && shape.join() === own.join()
    if (fits) continue
    throw fault(`${where} weights`, `${leaf} ${shapeText(own)}`, `${name} ${shapeText(shape)}`)
  }
  return tensors.map((tensor) => tensor.read())
}

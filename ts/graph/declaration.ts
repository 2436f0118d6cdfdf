import { Described, mismatch } from '../errors.js'
import type { InitJson, ParameterJson } from './json.js'
import { mark } from './undo.js'

/** The parameters of a whole graph, and the name of each layer that declared some. */
export class Declaration {
  readonly #parameters = new Map<string, ParameterJson>()
  readonly #layers = new Map<object, string>()
  readonly #forests = new Set<string>()

  /** In order of declaration. */
  get parameters(): readonly ParameterJson[] {
    return [...this.#parameters.values()]
  }

  /** Makes an axis one of a forest; `true` if the axis was none before. */
  addForest(axis: string): boolean {
    const added = !this.#forests.has(axis)
    this.#forests.add(axis)
    return added
  }

  /** Tells if the items of an axis are the nodes of a forest. */
  isForest(axis: string): boolean {
    return this.#forests.has(axis)
  }

  /** Finds the name that an earlier call of the same layer took. */
  nameOf(layer: object): string | undefined {
    return this.#layers.get(layer)
  }

  remember(layer: object, name: string): void {
    this.#layers.set(layer, name)
  }

  /** Remembers the parameters and layers; the returned function takes away those that came after. */
  mark(): () => void {
    return mark(this.#parameters, this.#layers, this.#forests)
  }

  /** Declares a parameter; a layer called again shares the parameter of its first call. */
  parameter(name: string, shape: readonly number[], init: InitJson, shared: boolean): string {
    const existing = this.#parameters.get(name)
    if (existing === undefined) {
      this.#parameters.set(name, { name, shape, init })
    } else if (!shared) {
      const advice = 'give one of the layers another name'
      throw mismatch('ERR_UNROLLED_GRAPH', 'parameter', 'a name that is free', name, advice)
    } else if (existing.shape.join() !== shape.join()) {
      const expected = `the shape [${existing.shape.join(', ')}] of the layer's first call`
      const received = new Described(`[${shape.join(', ')}]`)
      throw mismatch('ERR_UNROLLED_SHAPE', name, expected, received)
    }
    return name
  }
}

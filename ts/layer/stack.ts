import { isList } from '../brand.js'
import type { NamedSequences } from '../cell/trace.js'
import type { NamedVectors } from '../cell/unroll.js'
import { mismatch } from '../errors.js'
import { callOptions, layer, type Mapping, type Signature, type Signed } from '../graph/layer.js'
import { isValue, type Site } from '../graph/scope.js'
import { checkKind, type Sequence, type Vector } from '../graph/value.js'
import { checkOptions } from '../options.js'
import type { RecurrentKind } from './kind.js'
import type { Layer } from './merge.js'
import { RECURRENT_CALL_OPTIONS, type Settings, type Stacked } from './recurrent.js'
import { everyWay } from './ways.js'

/** A recurrent layer's kind and options. */
export interface Recurrent {
  readonly kind: RecurrentKind
  readonly settings: Settings
  readonly name: string | undefined
}

const made = new WeakMap<object, Recurrent>()

/** Makes a layer of a kind. */
export function recurrentLayer<L extends Signed<Signature<Sequence, Mapping, unknown>>>(
  recurrent: Recurrent,
): L {
  const { kind, settings, name } = recurrent
  const call = layer<L>({
    kind: kind.kind,
    name,
    accepts: ['sequence'],
    first: settings.first,
    build: (site, x, call) => stack(kind, settings, site, x, call),
  })
  made.set(call, recurrent)
  return call
}

/** Finds the kind and the options of a recurrent layer. */
export function recurrentOf(layer: object): Recurrent | undefined {
  return made.get(layer)
}

/** Adds a stack of scans: layer by layer, in one direction or both. */
function stack(
  kind: RecurrentKind,
  settings: Settings,
  site: Site,
  x: Sequence,
  call: unknown,
): Stacked<number, NamedVectors, NamedSequences> {
  callOptions(settings.where, call, RECURRENT_CALL_OPTIONS)
  const context = contextOf(settings.where, call)
  const layers: Layer[] = []
  let input = x
  for (const [index, initial] of initialStates(kind, settings, call).entries()) {
    if (index > 0) input = droppedOut(settings, site, input, index)
    const { reverse } = settings
    const read = index === 0 ? context : undefined
    const built = everyWay({
      kind,
      settings,
      site,
      x: input,
      index,
      initial,
      reverse,
      context: read,
    })
    layers.push(built)
    input = built.output
  }
  return {
    output: input,
    get state() {
      return layers.at(-1)?.state ?? {}
    },
    get layers() {
      return layers.map((layer) => layer.state)
    },
    trace: layers.at(-1)?.trace ?? {},
    traces: layers.map((layer) => layer.trace),
  }
}

/** Adds the dropout between two layers, if there is any. */
function droppedOut({ dropout }: Settings, site: Site, x: Sequence, index: number): Sequence {
  if (dropout === 0) return x
  const op = { dropout: { rate: dropout, fixed: false } }
  return site.scope.value(x, site.scope.node(`${site.label}.dropout_l${index}`, op, [x]))
}

function contextOf(where: string, call: unknown): Vector | undefined {
  const { context } = (call ?? {}) as { context?: unknown }
  if (context === undefined) return undefined
  if (!isValue(context))
    throw mismatch('ERR_UNROLLED_KIND', `${where} context`, 'a vector', context)
  checkKind(`${where} context`, context, ['vector'])
  return context
}

function initialStates(
  kind: RecurrentKind,
  settings: Settings,
  call: unknown,
): readonly Partial<NamedVectors>[] {
  const { where, numLayers } = settings
  const initial = (call as { initial?: unknown } | undefined)?.initial
  if (initial === undefined) return Array.from({ length: numLayers }, () => ({}))
  const list: readonly unknown[] = isList(initial) ? initial : [initial]
  if (list.length !== numLayers) {
    const expected = `a state for each of ${numLayers} layers`
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} initial`, expected, list.length)
  }
  return list.map((state) => {
    checkOptions(`${where} initial`, state ?? {}, Object.keys(kind.sizes), 'state')
    return (state ?? {}) as Partial<NamedVectors>
  })
}

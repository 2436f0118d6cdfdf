import { isObject } from '../brand.js'
import type { Port, RowKind } from '../data/kind.js'
import { Described, mismatch } from '../errors.js'
import { checkKind, checkNumber, checkOptions, checkWord, unknownName } from '../options.js'
import {
  binaryCrossEntropy,
  crossEntropy,
  huber,
  type Loss,
  type LossName,
  meanAbsolute,
  meanSquared,
  poisson,
} from './loss.js'

/** A loss for each output that has one. */
export interface OutputLoss {
  readonly output: Port
  readonly loss: Loss
}

/** Tells if a loss has targets that are predicted or not, so that they have an accuracy. */
export function predictsClasses({ kind }: Loss): boolean {
  return Object.hasOwn(kind, 'crossEntropy') || Object.hasOwn(kind, 'binaryCrossEntropy')
}

/** Resolves the losses of a model's outputs: of the only one, or by name. */
export function resolveLosses(
  where: string,
  losses: unknown,
  outputs: readonly Port[],
): OutputLoss[] {
  const [only] = outputs
  const names = outputs.map((output) => output.name)
  if (typeof losses === 'string' || isLoss(losses, names)) {
    if (outputs.length !== 1 || only === undefined) {
      const expected = `a loss by output name (${names.join(', ')})`
      throw mismatch('ERR_UNROLLED_ARGUMENT', where, expected, losses)
    }
    return [lossOfOutput(where, only, losses)]
  }
  if (!isObject(losses)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a loss or its name', losses)
  }
  checkOptions(where, losses, names, 'output')
  const given = new Map<string, unknown>(Object.entries(losses))
  const resolved = outputs.flatMap((output) => {
    const loss = given.get(output.name)
    return loss === undefined ? [] : [lossOfOutput(`${where}.${output.name}`, output, loss)]
  })
  if (resolved.length === 0) throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a loss', losses)
  return resolved
}

/** The losses of logits, each with the function that it applies itself. */
const TAKE_LOGITS = [
  ['crossEntropy', 'softmax'],
  ['binaryCrossEntropy', 'sigmoid'],
] as const

function lossOfOutput(where: string, output: Port, value: unknown): OutputLoss {
  const loss = resolveLoss(where, value)
  for (const [name, last] of TAKE_LOGITS) {
    if (output.last !== last || !Object.hasOwn(loss.kind, name)) continue
    const expected = `a loss of probabilities, since the output ends in ${last}`
    const advice = `leave ${last} out: ${name} takes logits and applies it itself`
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, expected, new Described(name), advice)
  }
  return { output, loss }
}

/** The targets of an output's loss: ids for cross-entropy, else numbers of the output's shape. */
export function targetPort({ output, loss }: OutputLoss): Port {
  if (!Object.hasOwn(loss.kind, 'crossEntropy')) return output
  const rows: RowKind = { kind: output.rows.kind === 'sequence' ? 'tokens' : 'token' }
  const { name, axis } = output
  const { crossEntropy: settings } = loss.kind
  const { ignore: ignored } = settings ?? {}
  const ids = 'size' in output.rows ? output.rows.size : undefined
  return { name, rows, axis, ids, ignored: typeof ignored === 'number' ? ignored : undefined }
}

function resolveLoss(where: string, value: unknown): Loss {
  const known: Readonly<Record<LossName, (options?: object) => Loss>> = {
    crossEntropy,
    binaryCrossEntropy,
    meanSquared,
    meanAbsolute,
    huber,
    poisson,
  }
  if (isLoss(value)) {
    checkOptions(where, value, ['kind', 'reduction', 'weight'])
    const { kind, reduction, weight } = value as { [K in keyof Loss]?: unknown }
    const [name, settings] = checkKind(`${where} kind`, kind, Object.keys(known))
    const given = Object.entries(settings).filter(([, setting]) => setting !== null)
    // Made again from its settings, so that a loss by hand passes the checks of all others.
    return known[name as LossName]({
      ...Object.fromEntries(given),
      reduction: checkWord(`${where} reduction`, reduction, ['mean', 'sum']),
      weight: checkNumber(`${where} weight`, weight, 0),
    })
  }
  if (typeof value !== 'string') {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a loss or its name', value)
  }
  if (!Object.hasOwn(known, value)) throw unknownName(where, 'loss', value, Object.keys(known))
  return known[value as LossName]()
}

/** Tells if something is one loss, well made or not, and no object of losses by these names. */
function isLoss(value: unknown, names: readonly string[] = []): value is object {
  if (!isObject(value) || !('kind' in value)) return false
  return !names.includes('kind') || 'reduction' in value
}

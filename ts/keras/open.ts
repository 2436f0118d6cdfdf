import type { Model, ModelOptions, ParityReport } from '../index.js'
import { mismatch } from '../io/options.js'
import { entriesOf } from '../io/zip.js'
import { MODELS, readModel } from './architecture.js'
import { buildModel } from './build.js'
import { fault, shown, WHERE } from './fault.js'
import { Fields, parseJson } from './fields.js'
import type { Source } from './files.js'
import type { Version } from './functions.js'
import { withHdf5 } from './hdf5.js'
import { asLogits } from './logits.js'
import { shardedWeights } from './shards.js'
import type { WeightFile } from './weight-file.js'
import { namedWeights, numberedWeights, type Weights } from './weights.js'

/** Options of the model, and of its outputs. */
export interface BuildOptions extends ModelOptions {
  readonly logits: boolean
}

/** A model and the account of its import. */
export interface Imported {
  readonly model: Model
  readonly report: ParityReport
}

const HDF5 = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
const ZIP = [0x50, 0x4b]
/** JSON begins with a brace, after spaces and line ends. */
const [SPACE, BRACE] = [0x20, 0x7b] as const

/** The most bytes of a file's unpacked weights. */
const MOST_WEIGHTS = 2 ** 31

/** Reads a model of any of the formats; the first bytes tell which. */
export async function openModel(
  source: Source,
  config: unknown,
  options: BuildOptions,
): Promise<Imported> {
  const { bytes, name } = source
  const begins = (signature: readonly number[]): boolean =>
    signature.every((byte, at) => bytes[at] === byte)
  if (begins(HDF5)) return fromHdf5(source, config, options)
  const archive = begins(ZIP)
  if (!archive && bytes.find((byte) => byte > SPACE) !== BRACE) {
    const expected = 'a .keras file, an HDF5 file or a model.json'
    const received = bytes.length === 0 ? 'no bytes' : 'other bytes'
    throw fault(name, expected, received, 'the file is damaged or foreign')
  }
  if (config !== undefined) {
    const expected = 'none, which the file has itself'
    throw mismatch(`${WHERE} config`, expected, shown(config))
  }
  return archive ? fromArchive(source, options) : fromJson(source, options)
}

/** Reads `.keras`: a zip of `config.json`, `metadata.json` and `model.weights.h5`. */
async function fromArchive({ bytes, name }: Source, options: BuildOptions): Promise<Imported> {
  const entries = entriesOf(bytes, `importKeras: ${name}`, MOST_WEIGHTS)
  const entry = (own: string): Uint8Array => {
    const read = entries.get(own)
    if (read === undefined)
      throw fault(name, `an entry ${own}`, 'none', 'the file is no model of Keras 3')
    return read()
  }
  const version = versionOf(new Fields(name, parseJson('metadata.json', entry('metadata.json'))))
  const config = new Fields(name, parseJson('config.json', entry('config.json')))
  return withHdf5('model.weights.h5', entry('model.weights.h5'), (file) =>
    assembled(config, version, numberedWeights(file), options),
  )
}

/** Reads `.h5`, with the model in it or without. */
async function fromHdf5(
  { bytes, name }: Source,
  given: unknown,
  options: BuildOptions,
): Promise<Imported> {
  return withHdf5(name, bytes, (file) => {
    const [text] = file.attribute('', 'model_config') ?? []
    if (text === undefined && given === undefined) {
      const advice = 'the file has weights alone: give the model by { config: model.to_json() }'
      throw fault(name, 'a model_config', 'none', advice)
    }
    if (text !== undefined && given === undefined) {
      const [written = ''] = file.attribute('', 'keras_version') ?? []
      const config = new Fields(name, parseJson(`${name} model_config`, text))
      return assembled(config, written.startsWith('3') ? 3 : 2, weightsOf(file), options)
    }
    const parsed = typeof given === 'string' ? parseJson('config', given) : given
    const config = new Fields('config', parsed)
    return assembled(config, versionOf(config), weightsOf(file), options)
  })
}

function weightsOf(file: WeightFile): Weights {
  const named = file.has('model_weights') || file.attribute('', 'layer_names') !== undefined
  return named ? namedWeights(file) : numberedWeights(file)
}

/** Reads `model.json` of TensorFlow.js, and the files that it names. */
async function fromJson({ bytes, name, find }: Source, options: BuildOptions): Promise<Imported> {
  const json = new Fields(name, parseJson(name, bytes))
  const format = json.text('format', 'layers-model')
  if (format !== 'layers-model') throw fault(`${name} format`, 'layers-model', shown(format))
  const topology = json.fields('modelTopology')
  const config =
    topology.get('model_config') === undefined ? topology : topology.fields('model_config')
  const version = topology.text('keras_version', '2').startsWith('3') ? 3 : 2
  const weights = await shardedWeights(name, json.list('weightsManifest'), find)
  return assembled(config, version, weights, options)
}

function assembled(
  config: Fields,
  version: Version,
  weights: Weights,
  options: BuildOptions,
): Imported {
  const className = config.text('class_name')
  if (!MODELS.includes(className))
    throw fault(`${config.where} class_name`, `one of ${MODELS.join(', ')}`, className)
  const spec = readModel(className, config, version, { where: config.where, path: [] })
  const { logits, ...rest } = options
  return buildModel(logits ? asLogits(spec) : spec, weights, rest)
}

/** The version that wrote a configuration; one without it is of Keras 3 if it names modules. */
function versionOf(config: Fields): Version {
  const written = config.text('keras_version', config.get('module') === undefined ? '2' : '3')
  return written.startsWith('3') ? 3 : 2
}

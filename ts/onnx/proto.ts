/** The wire format of ONNX files, both ways. */
import { PbfReader, PbfWriter } from 'pbf'
import { UnrolledError } from '../index.js'
import { malformed } from '../io/options.js'
import { type Field, MESSAGES, type Scalar, type Type } from './fields.js'
import type { ModelProto } from './messages.js'

export * from './messages.js'

type Message = Record<string, unknown>

/** The most graphs inside each other: bodies of loops and branches. */
const DEEPEST = 64

/** The number of a field's form on the wire; 2 is a length and so many bytes. */
const WIRE: Readonly<Record<Scalar, number>> = { int: 0, double: 1, string: 2, bytes: 2, float: 5 }

const isScalar = (type: Type): type is Scalar => type in WIRE

/**
 * Reads the bytes of an ONNX file. Bytes of tensors are views of the file.
 *
 * @throws UnrolledError `ERR_UNROLLED_FORMAT` for bytes that are not a whole file, or graphs more than 64 deep.
 */
export function readModel(bytes: Uint8Array): ModelProto {
  const pbf = new PbfReader(bytes)
  try {
    return readMessage(pbf, 'Model', bytes.length, 0) as unknown as ModelProto
  } catch (cause) {
    if (cause instanceof UnrolledError) throw cause
    throw damaged(pbf.pos, cause)
  }
}

function readMessage(
  pbf: PbfReader,
  type: keyof typeof MESSAGES,
  end: number,
  above: number,
): Message {
  const depth = type === 'Graph' ? above + 1 : above
  if (depth > DEEPEST) {
    throw malformed('importOnnx', `graphs at most ${DEEPEST} deep`, 'deeper ones')
  }
  const fields: readonly Field[] = MESSAGES[type]
  const message: Message = {}
  for (const [, name, , list] of fields) if (list === 'all') message[name] = []
  for (let number = pbf.nextField(end); number !== 0; number = pbf.nextField(end)) {
    const field = fields.find(([n]) => n === number)
    if (field === undefined || !readField(pbf, field, message, end, depth)) pbf.skip(pbf.type)
    // Past its end a message has taken bytes of another, or none at all.
    if (!(pbf.pos <= end)) throw damaged(end)
  }
  if (pbf.pos !== end) throw damaged(pbf.pos)
  return message
}

/** Reads a field into its message; false for another form on the wire than that of its type. */
function readField(pbf: PbfReader, field: Field, to: Message, end: number, depth: number): boolean {
  const [, name, type, list] = field
  const wire = isScalar(type) ? WIRE[type] : 2
  const packed = list !== undefined && pbf.type === 2 && wire !== 2
  if (pbf.type !== wire && !packed) return false
  const stop = pbf.type === 2 ? lengthAt(pbf, end) : end
  if (list === undefined) {
    to[name] = readValue(pbf, type, stop, depth)
    return true
  }
  const values = (to[name] ?? []) as unknown[]
  to[name] = values
  if (packed) while (pbf.pos < stop) values.push(readValue(pbf, type, stop, depth))
  else values.push(readValue(pbf, type, stop, depth))
  if (packed && pbf.pos !== stop) throw damaged(stop)
  return true
}

/** Reads a length, and gives the end of that many bytes. */
function lengthAt(pbf: PbfReader, end: number): number {
  const stop = pbf.readVarint() + pbf.pos
  if (!(stop <= end)) throw damaged(pbf.pos)
  return stop
}

function readValue(pbf: PbfReader, type: Type, stop: number, depth: number): unknown {
  if (type === 'int') return pbf.readVarint(true)
  if (type === 'float') return pbf.readFloat()
  if (type === 'double') return pbf.readDouble()
  if (!isScalar(type)) return readMessage(pbf, type, stop, depth)
  const bytes = pbf.buf.subarray(pbf.pos, stop)
  pbf.pos = stop
  return type === 'bytes' ? bytes : textOf(bytes)
}

const decoder = new TextDecoder()

/** The text of bytes in UTF-8. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

function damaged(at: number, cause?: unknown): UnrolledError {
  const received = `bytes that break off or contradict themselves near byte ${at}`
  return malformed('importOnnx', 'a whole ONNX file', received, cause)
}

/** Writes a model as the bytes of an ONNX file. */
export function writeModel(model: ModelProto): Uint8Array {
  const pbf = new PbfWriter()
  writeMessage(model as unknown as Message, 'Model', pbf)
  return pbf.finish()
}

function writeMessage(message: Message, type: keyof typeof MESSAGES, pbf: PbfWriter): void {
  const fields: readonly Field[] = MESSAGES[type]
  for (const [number, name, of, list] of fields) {
    const value = message[name]
    if (value === undefined) continue
    const values = list === undefined ? [value] : (value as readonly unknown[])
    if (list === undefined || of === 'string' || of === 'bytes' || !isScalar(of)) {
      for (const one of values) writeField(pbf, number, of, one)
    } else if (values.length > 0) {
      pbf.writeTag(number, 2)
      pbf.writeRawMessage(writeNumbers, [of, values as readonly number[]] as const)
    }
  }
}

function writeField(pbf: PbfWriter, number: number, type: Type, value: unknown): void {
  if (type === 'string') pbf.writeStringField(number, value as string)
  else if (type === 'bytes') pbf.writeBytesField(number, value as Uint8Array)
  else if (isScalar(type)) {
    pbf.writeTag(number, WIRE[type])
    writeNumbers([type, [value as number]], pbf)
  } else pbf.writeMessage(number, (one, to) => writeMessage(one, type, to), value as Message)
}

/** The largest double below 2^63: the end of an axis, however long the axis is. */
const FURTHEST = 2 ** 63 - 1024

function writeNumbers([type, values]: readonly [Scalar, readonly number[]], pbf: PbfWriter): void {
  for (const value of values) {
    if (type === 'float') pbf.writeFloat(value)
    else if (type === 'double') pbf.writeDouble(value)
    else pbf.writeVarint(Math.min(Math.max(value, -(2 ** 63)), FURTHEST))
  }
}

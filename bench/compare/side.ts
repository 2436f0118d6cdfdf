import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Answers, Reply, Request } from './protocol.js'

/** The command that starts a side. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Longer than anything that is timed takes; who is silent for so long hangs. */
const PATIENCE = 180_000

/** A library in a process of its own, which is started at the first question and after it broke. */
export class Side<Q extends { readonly ask: string } = Request, A extends object = Answers> {
  readonly #command: Command
  #child: ChildProcess | undefined
  #waiting: ((reply: Reply<never>) => void) | undefined
  #words = ''
  #id = 0

  constructor(command: Command) {
    this.#command = command
  }

  /** Asks and waits for the answer; throws what went wrong there, or how the process ended. */
  async ask<R extends Q>(request: R): Promise<A[R['ask'] & keyof A]> {
    const child = this.#child ?? this.#start()
    this.#id += 1
    const id = this.#id
    const reply = await new Promise<Reply<A[R['ask'] & keyof A]>>((resolve) => {
      const slow = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
      this.#waiting = (answer) => {
        clearTimeout(slow)
        this.#waiting = undefined
        resolve(answer)
      }
      child.stdin?.write(`${JSON.stringify({ id, ...request })}\n`)
    })
    if ('error' in reply) throw new Error(reply.error)
    return reply.answer
  }

  /** Ends the process. */
  close(): void {
    this.#child?.stdin?.end()
    this.#child = undefined
  }

  #start(): ChildProcess {
    const { program, args, env } = this.#command
    const child = spawn(program, args, { env: { ...process.env, ...env } })
    this.#child = child
    this.#words = ''
    child.stderr.on('data', (data) => {
      this.#words = `${this.#words}${data}`.slice(-600)
    })
    // Its end is told by `exit`; what is written after it has nobody to read it.
    child.stdin.on('error', () => undefined)
    child.on('error', (error) => this.#ended(child, error.message))
    child.on('exit', (code, signal) => {
      this.#ended(child, `ended with ${signal ?? code}: ${this.#words.trim()}`)
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{"id":')) this.#waiting?.(JSON.parse(line))
    })
    return child
  }

  #ended(child: ChildProcess, words: string): void {
    if (this.#child !== child) return
    this.#child = undefined
    this.#waiting?.({ id: this.#id, error: `the process of this side ${words}` })
  }
}

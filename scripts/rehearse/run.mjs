// Commands of a rehearsal. They run beside the registry, which lives in this process: none may block it.
import { spawn } from 'node:child_process'

/** Runs a command to its end; `ok`, all that it wrote, and the seconds. */
export function runner(defaults) {
  return (command, args, { cwd = defaults.cwd, env = {} } = {}) =>
    new Promise((resolve) => {
      const started = performance.now()
      const child = spawn(command, args, {
        cwd,
        env: { ...process.env, ...defaults.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        shell: process.platform === 'win32',
      })
      const done = (ok, last = '') =>
        resolve({
          ok,
          stdout,
          output: output + last,
          seconds: (performance.now() - started) / 1000,
        })
      let [stdout, output] = ['', '']
      child.stdout.on('data', (data) => {
        stdout += data
        output += data
      })
      child.stderr.on('data', (data) => {
        output += data
      })
      child.on('error', (error) => done(false, error.message))
      child.on('close', (code) => done(code === 0))
    })
}

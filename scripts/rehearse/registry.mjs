// A registry on the loopback interface: the packages that are published to it, and all others from npm's.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { execute, StepError } from '../steps.mjs'

const require = createRequire(import.meta.url)

function settings(folder) {
  const upstream = execute('npm', ['config', 'get', 'registry']).stdout.trim()
  const all = '$all $anonymous'
  return {
    configPath: join(folder, 'config.yaml'),
    storage: join(folder, 'storage'),
    uplinks: { npm: { url: upstream, maxage: '1h', timeout: '60s' } },
    packages: {
      'unrolled*': { access: all, publish: all },
      '**': { access: all, proxy: 'npm' },
    },
    max_body_size: '100mb',
    log: { type: 'file', path: join(folder, 'registry.log'), level: 'warn' },
  }
}

/** Starts the registry; its address, and what stops it. */
export async function startRegistry(folder) {
  const { runServer } = require('verdaccio')
  const app = await runServer(settings(folder))
  const server = await new Promise((resolve, reject) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
    listening.on('error', reject)
  })
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** Publishes the package in a folder. */
export async function publish(run, folder, url) {
  const token = `--//${new URL(url).host}/:_authToken=rehearsal`
  const result = await run('npm', ['publish', folder, '--registry', url, token, '--loglevel=error'])
  if (!result.ok) throw new StepError(`npm publish ${folder} failed:\n${result.output}`)
}

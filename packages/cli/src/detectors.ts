// toll detectors: which there are, what each is, and what of it can be set.

import type { Command } from 'commander'
import type { Detector } from 'toll'
import { describeDomain } from 'toll/base'
import { detectorNamed, detectors } from 'toll/detectors'
import { renderText } from 'toll/report'
import { addOutputOptions, examples } from './parameters.js'
import type { Terminal } from './terminal.js'

export function defineDetectors(command: Command, terminal: Terminal): void {
  command
    .description('Lists the detectors, or says of one what it does and which parameters it has.')
    .argument('[name]', 'a detector')
  addOutputOptions(command)
  examples(
    command,
    ['toll detectors', 'toll detectors knn', 'toll detectors --json'],
    'Parameters are set with toll fit --detector NAME, by flags of their own or with --param NAME=VALUE.',
  )
  command.action((name: string | undefined) => {
    if (name === undefined) terminal.result({ detectors: [...detectors.values()].map(documentOf) }, listAll())
    else terminal.result(documentOf(detectorNamed(name)), describe(detectorNamed(name)))
  })
}

function listAll(): string {
  return [...detectors.values()]
    .map(({ name, title, idea, accepts, reference }) =>
      [`${name}: ${title}`, `  ${idea}`, `  ${accepts.map((kind) => `${kind}s`).join(', ')}; ${reference}`].join('\n'),
    )
    .join('\n\n')
}

function describe({ name, title, idea, reference, accepts, parameters }: Detector): string {
  const table = renderText({
    columns: [{ title: 'Parameter' }, { title: 'Default', align: 'right' }, { title: 'Domain' }],
    rows: Object.entries(parameters).map(([parameter, domain]) => [
      parameter,
      String(domain.default),
      describeDomain(domain),
    ]),
  }).trimEnd()
  const meanings = Object.entries(parameters).map(
    ([parameter, { doc, source }]) => `${parameter}: ${doc}${source === undefined ? '' : ` (${source})`}`,
  )
  return [
    `${name}: ${title}`,
    idea,
    `Source: ${reference}. Takes ${accepts.map((kind) => `${kind}s`).join(' and ')}.`,
    '',
    ...(meanings.length > 0 ? [table, '', ...meanings, ''] : ['It has no parameters.', '']),
    `toll fit SOURCE -o MODEL.onnx --detector ${name}`,
  ].join('\n')
}

function documentOf({ name, title, idea, reference, accepts, takesWeights, parameters }: Detector): object {
  return { name, title, idea, reference, accepts, takesWeights, parameters }
}

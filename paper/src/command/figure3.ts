// npm run paper -- figure3: what the images look like.

import type { Command } from 'commander'
import { choice } from 'toll/base'
import { checkFolder } from 'toll/node'
import { imageProtocols, type ImageDataset } from '../images/index.js'
import { renderSamplePictures, samplePictureParameters } from '../image-tables/index.js'
import { writeFolder } from 'toll-cli/terminal'
import { addOutputOptions, examples, parameterOption } from 'toll-cli/terminal'
import type { Terminal } from 'toll-cli/terminal'

interface Figure3Flags {
  readonly dataset?: ImageDataset | 'paper'
  readonly output: string
  readonly seed?: number
  readonly perClass?: number
}

const dataset = choice({
  values: ['paper', 'mnist', 'fashion-mnist', 'cifar-10', 'cifar-100'],
  default: 'paper',
  doc: 'Which images; paper: MNIST and CIFAR-10.',
})

export function defineFigure3(command: Command, terminal: Terminal): void {
  command
    .description('Figure 3 of the paper: pictures of every class, drawn with a seed from the training images.')
    .addOption(parameterOption('dataset', dataset))
  for (const [name, domain] of Object.entries(samplePictureParameters)) command.addOption(parameterOption(name, domain))
  command.requiredOption('-o, --output <folder>', 'where the page and the pictures go')
  addOutputOptions(command)
  examples(command, [
    'npm run paper -- figure3 -o pictures',
    'npm run paper -- figure3 --dataset fashion-mnist -o pictures',
  ])
  command.action((flags: Figure3Flags) => runFigure3(flags, terminal))
}

async function runFigure3(
  { dataset: chosen = 'paper', output, perClass, seed }: Figure3Flags,
  terminal: Terminal,
): Promise<void> {
  const { loadImages } = await import('toll/node')
  const names: readonly ImageDataset[] = chosen === 'paper' ? ['mnist', 'cifar-10'] : [chosen]
  const sets = await Promise.all(
    names.map(async (name) => {
      const { title, labels } = imageProtocols[name]
      return { title, images: (await loadImages(name, { labels })).train }
    }),
  )
  await checkFolder(output)
  const options = Object.entries({
    dataset: chosen === 'paper' ? undefined : chosen,
    'per-class': perClass,
    seed,
  }).flatMap(([option, value]) => (value === undefined ? [] : [`--${option} ${value}`]))
  const name = chosen === 'paper' ? 'figure3' : `figure3-${chosen}`
  const { json, text, html, svg } = await renderSamplePictures({
    sets,
    name,
    perClass,
    seed,
    command: ['toll reproduce figure3', ...options].join(' '),
  })
  await writeFolder(output, { [`${name}.html`]: html, ...svg }, terminal)
  if (terminal.json) terminal.print(json.trimEnd())
  else terminal.summary(undefined, text.trimEnd())
}

#!/usr/bin/env bash
# Makes the tables and pictures under results/ from the trial logs there; nothing is trained. npm run results [-- FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
out="${1:-results}"
toll() { node dist/cli/main.js "$@" --quiet --render-only -o "$out" > /dev/null; }

reduced=(--steps 260 --batch 64 --validation 500)
mnist=(--trials results/trials/mnist.ndjson "${reduced[@]}")
if [ -f results/trials/mnist.ndjson ]; then
  toll reproduce table1 "${mnist[@]}" --seeds 2 --plain
  toll reproduce table4 "${mnist[@]}" --seeds 2
  toll reproduce figure4 "${mnist[@]}" --classes 2,8 --seeds 1
fi
if [ -f results/trials/fashion-mnist.ndjson ]; then
  toll reproduce table1 --dataset fashion-mnist --trials results/trials/fashion-mnist.ndjson "${reduced[@]}" --seeds 1 --plain
fi
if [ -f results/trials/cifar-10.ndjson ]; then
  toll reproduce table2 --trials results/trials/cifar-10.ndjson --validation 1000 --seeds 2 --plain
  toll reproduce table4 --dataset cifar-10 --trials results/trials/cifar-10.ndjson --validation 1000 --seeds 2
fi
if [ -f results/trials/auto.ndjson ]; then
  toll reproduce auto --trials results/trials/auto.ndjson
fi

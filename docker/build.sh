#!/bin/sh
# Installs what the lock file says and builds everything: the first step of the images' build.
set -eu
cd "$(dirname "$0")/.."
npx --yes pnpm@12.21.0 install --frozen-lockfile
npx --yes pnpm@12.21.0 run build

#!/bin/sh
# deploy.sh OUT PACKAGE...: puts each built package into OUT/PACKAGE with its production dependencies, as the lock file has them.
# What lies there is all that an image holds besides Node.
set -eu
cd "$(dirname "$0")/.."
out=$1
shift
for package in "$@"; do
  # Without injected workspace packages, pnpm would resolve versions anew.
  npx --yes pnpm@12.21.0 --config.inject-workspace-packages=true --config.package-import-method=copy \
    --filter "@nexus/$package" deploy --prod "$out/$package" >"$out.log" 2>&1 || {
    cat "$out.log" >&2
    exit 1
  }
  rm -f "$out/$package/pnpm-lock.yaml" "$out/$package/pnpm-workspace.yaml"
  # Types and maps are for developers.
  find "$out/$package" -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.tsbuildinfo' \) -delete
done
rm -f "$out.log"

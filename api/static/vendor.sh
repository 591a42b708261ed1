#!/bin/sh
# Brings Swagger UI's files into this folder by npm, at a fixed version, and holds them against their sums.
set -eu
version=5.35.0
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "swagger-ui-dist@$version" >/dev/null && tar xzf ./*.tgz)
mkdir -p "$here/swagger-ui"
for file in LICENSE NOTICE swagger-ui-bundle.js swagger-ui-bundle.js.LICENSE.txt swagger-ui.css; do
  cp "$work/package/$file" "$here/swagger-ui/$file"
done
cd "$here/swagger-ui" && sha256sum -c SHA256SUMS

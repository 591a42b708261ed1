#!/bin/sh
# The outside judges that the tests call: installs them from Debian's packages as root, else says what is missing.
set -eu

missing=
for pair in pdfsig:poppler-utils qpdf:qpdf chromium:chromium; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    printf 'The tests need%s. Install first, for example: sudo apt-get install%s\n' "$missing" "$missing" >&2
    exit 1
fi
printf 'Installing%s ...\n' "$missing" >&2
apt-get update -qq >&2
# shellcheck disable=SC2086  # a list of names
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2

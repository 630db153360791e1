#!/bin/sh
# Installs what the tests marked `real` need: real servers, a browser, fpcalc, Prometheus and real music, from Debian
# packages.
# libatomic1 is for the browser driver's node.
# Where apt or root is missing it says so in one line, and pytest skips those tests; in CI that is an error.
set -eu

PACKAGES="ffmpeg icecast2 libchromaprint-tools chromium
  gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
  gstreamer1.0-plugins-ugly gstreamer1.0-libav python3-gi
  prometheus libatomic1 singularity-music planetblupi-music-ogg asc-music"

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "install-test-tools: no apt or not root: tests that need real servers, a browser or real music are skipped"
  [ "${CI:-}" != true ] || exit 1
  exit 0
fi

missing=$(for package in $PACKAGES; do dpkg -s "$package" >/dev/null 2>&1 || echo "$package"; done)
[ -z "$missing" ] && exit 0
echo "install-test-tools: installing" $missing
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # one word a package
apt-get install -y -qq --no-install-recommends $missing >/dev/null

#!/bin/sh
echo "bazel coverage is not available: its report generator is not part of Debian" >&2
exit 1

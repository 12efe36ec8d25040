#!/bin/sh
# What the project needs, and how to get it: deps.sh check|install GROUP …
#
#   build   a compiler ($CC) and the libraries       clang   the second compiler
#   test    Check, valgrind, second Avro readers     lint    format, tidy, shellcheck
#   broker  a JVM and Maven: a real broker          kafka    Kafka clients of others
#   run     what `make run` uses and suggests
#
# We look for commands and headers, not for packages: npm, for one, may come from elsewhere. `check`
# names what is missing and fails; `install` installs it as root by apt-get, and says so.
set -eu

missing=

# need PACKAGE COMMAND…: the package, unless the command succeeds.
need() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
has() {
    command -v "$1"
}
compiles() {
    printf '#include <%s>\n' "$1" | ${CC:-gcc} -E -x c -
}

# Fills `missing` for the groups.
look() {
    missing=
    for group; do
        case $group in
        build)
            case ${CC:-gcc} in
            *clang*) need clang has "${CC:-gcc}" ;;
            *) need gcc has "${CC:-gcc}" ;;
            esac
            need libc6-dev compiles stdio.h
            need pkg-config has pkg-config
            need libavro-dev compiles avro.h
            need libjansson-dev compiles jansson.h
            need libsqlite3-dev compiles sqlite3.h
            need libsodium-dev compiles sodium.h
            need librdkafka-dev compiles librdkafka/rdkafka.h
            need libmicrohttpd-dev compiles microhttpd.h
            need libcurl4-openssl-dev compiles curl/curl.h
            need libjemalloc-dev compiles jemalloc/jemalloc.h
            ;;
        test)
            need check compiles check.h
            need valgrind has valgrind
            # Debian's own Python: another one on the PATH would not see the package.
            need python3-avro /usr/bin/python3 -c 'import avro.schema'
            need nodejs has node
            need npm has npm
            ;;
        broker)
            need default-jre-headless has java
            need maven has mvn
            ;;
        kafka)
            need kcat has kcat
            # Debian's Python again, as these are Debian's packages.
            need python3-kafka /usr/bin/python3 -c 'import kafka'
            need python3-lz4 /usr/bin/python3 -c 'import lz4.frame'
            need nodejs has node
            need npm has npm
            # kafkajs-lz4 compiles lz4 when npm fetches it.
            need g++ has g++
            ;;
        run)
            need curl has curl
            need sqlite3 has sqlite3
            ;;
        clang)
            need clang has clang
            ;;
        lint)
            need clang-tidy has clang-tidy
            need clang-format has clang-format
            need shellcheck has shellcheck
            ;;
        *)
            echo "deps.sh: no group is called $group" >&2
            exit 2
            ;;
        esac
    done
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null
}

usage='usage: deps.sh check|install GROUP ...'
verb=${1:?$usage}
shift
look "$@"
[ -n "$missing" ] || exit 0
command="apt-get install -y --no-install-recommends$missing"
case $verb in
check)
    echo "missing:$missing; as root: $command" >&2
    exit 1
    ;;
install)
    if [ "$(id -u)" -ne 0 ]; then
        echo "missing:$missing; as root: $command" >&2
        exit 1
    fi
    ;;
*)
    echo "$usage" >&2
    exit 2
    ;;
esac

echo "installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The lists may be absent or old: then once more with new ones.
# shellcheck disable=SC2086
apt install -y --no-install-recommends $missing >"$log" 2>&1 ||
    { apt update && apt install -y --no-install-recommends $missing; } >"$log" 2>&1 ||
    {
        cat "$log" >&2
        echo "failed: $command" >&2
        exit 1
    }
look "$@"
[ -z "$missing" ] || {
    echo "still missing after $command:$missing" >&2
    exit 1
}

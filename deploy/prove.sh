#!/usr/bin/env bash
# Build the images without a container engine, start what comes out, and ask it.
#
#   deploy/prove.sh            both images
#   deploy/prove.sh service    one of them
#
# Needs Linux, root, and Debian's buildah and debootstrap; nothing of it is left running. Reads
#   WORK          a folder for base, layers and logs; kept, so that a repetition is quick
#   BASE          a base image that buildah can get; without it, one is made with debootstrap
#   CA            a file of certificates, where TLS goes through an authority of its own
#   NPM_REGISTRY  where onnxruntime-web comes from
#   NICE          put before what takes long, such as "nice -n 15"
set -euo pipefail
cd "$(dirname "$0")/.."

WORK=${WORK:-/var/tmp/affekt-prove}
CA=${CA:-/dev/null}
BASE=${BASE:-}
NICE=${NICE:-}
NPM_REGISTRY=${NPM_REGISTRY:-https://registry.npmjs.org}
mkdir -p "$WORK"

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2 && exit 1; }
# shellcheck disable=SC2086 # NICE is several words
builder() { $NICE buildah --root "$WORK/storage" --runroot "$WORK/run" --storage-driver overlay "$@"; }

make_base() {
    say "Base: Debian with Python, by debootstrap"
    if ! builder inspect --type image localhost/affekt-base >"$WORK/base.json" 2>&1; then
        rm -rf "$WORK/base" "$WORK/context"
        mkdir -p "$WORK/context"
        # shellcheck disable=SC2086
        $NICE debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv \
            bookworm "$WORK/base" >"$WORK/debootstrap.log"
        tar -C "$WORK/base" --exclude=./var/cache/apt --exclude=./dev -cf "$WORK/context/base.tar" .
        printf 'FROM scratch\nADD base.tar /\n' >"$WORK/context/Dockerfile"
        builder bud --isolation chroot --format docker --tag localhost/affekt-base "$WORK/context"
    fi
    BASE=localhost/affekt-base
}

build() { # TARGET
    say "Build: $1"
    builder bud --isolation chroot --layers --format docker --file deploy/Dockerfile \
        --ignorefile deploy/Dockerfile.dockerignore --build-arg "BASE=$BASE" \
        --build-arg "NPM_REGISTRY=$NPM_REGISTRY" --secret "id=ca,src=$CA" \
        --target "$1" --tag "localhost/affekt-$1" .
}

setting() { # TARGET KEY: one value a line, of the image's settings
    builder inspect --type image "localhost/affekt-$1" | python3 -c '
import json, sys
value = json.load(sys.stdin)["Docker"]["config"][sys.argv[1]]
value = value.get("Test", [])[1:] if isinstance(value, dict) else value
print(*(value if isinstance(value, list) else [value]), sep="\n")' "$2"
}

no_build_tools() { # ROOT
    say "Content: no compiler, no pip, nothing that another user could change"
    local found
    found=$(find "$1" -xdev \( -path "$1/proc" -o -path "$1/usr/share" \) -prune -o -type f \
        \( -name 'gcc*' -o -name 'g++*' -o -name cc1 -o -name make -o -name ld -o -name 'pip*' \
        -o -name npm \) -perm /111 -print)
    [[ -z $found ]] || fail "build tools are left: $found"
    [[ -z $(find "$1"/opt -iname 'pip-*' -print -quit) ]] || fail "pip is left"
    found=$(find "$1/opt" \( ! -user 0 -o -perm /022 \) ! -type l -print -quit)
    [[ -z $found ]] || fail "not root's alone: $found"
    found=$(grep -rlsE 'BEGIN CERTIFICATE' "$1/run" "$1/opt/browser" || true)
    [[ -z $found ]] || fail "the secret is left: $found"
    du -sh "$1/opt/affekt" | cut -f1 | sed 's/$/ in \/opt\/affekt/'
}

# What the compiled modules are linked to, as packages of the base, beside deploy/packages.txt.
libraries() { # ROOT
    say "Libraries: every module finds its own"
    chroot "$1" sh -c '
        find /opt/affekt -name "*.so*" -type f -exec ldd {} + 2>/dev/null || true' >"$WORK/ldd.txt"
    if grep 'not found' "$WORK/ldd.txt" | sort -u | grep .; then fail "libraries are missing"; fi
    local package missing=
    for package in $(grep -oP '=> \K/(usr/)?lib\S+' "$WORK/ldd.txt" | sort -u |
        while read -r path; do
            chroot "$1" dpkg -S "$(chroot "$1" readlink -f "$path")" 2>/dev/null ||
                chroot "$1" dpkg -S "$path"
        done | cut -d: -f1 | sort -u); do
        echo "  $package"
        grep -qE "^${package//+/\\+} +base " deploy/packages.txt || missing+=" $package"
    done
    [[ -z $missing ]] || fail "not in deploy/packages.txt:$missing"
}

# As an engine would with --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges,
# as the image's own user. The shell becomes the program, so that signals reach it.
start() { # TARGET ROOT VARIABLE=VALUE...
    local target=$1 root=$2 user
    shift 2
    mapfile -t environment < <(setting "$target" Env)
    mapfile -t command < <(setting "$target" Entrypoint && setting "$target" Cmd)
    user=$(setting "$target" User)
    mkdir -p "$WORK/view"
    # shellcheck disable=SC2016 # the inner shell expands
    unshare --mount --ipc bash -c '
        set -e
        root=$1 view=$2 user=$3; shift 3
        mount --bind "$root" "$view" && mount -o remount,bind,ro "$view"
        mount -t tmpfs -o size=2g,mode=1777,nosuid,nodev,noexec tmpfs "$view/tmp"
        mount -t tmpfs -o mode=755 tmpfs "$view/dev" && mkdir "$view/dev/shm"
        mount -t tmpfs -o size=64m,mode=1777,nosuid,nodev,noexec tmpfs "$view/dev/shm"
        for device in null zero random urandom; do
            touch "$view/dev/$device" && mount --bind "/dev/$device" "$view/dev/$device"
        done
        mount -t proc proc "$view/proc"
        exec chroot "$view" /usr/bin/setpriv --reuid "${user%:*}" --regid "${user#*:}" \
            --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all /usr/bin/env -i "$@"
    ' start "$root" "$WORK/view" "$user" "${environment[@]}" "$@" "${command[@]}" \
        >"$WORK/$target.log" 2>&1 &
    PROCESS=$!
}

inside() { # COMMAND...: in the started image, as its user and with its environment
    mapfile -t environment < <(tr '\0' '\n' <"/proc/$PROCESS/environ")
    nsenter --target "$PROCESS" --mount --root --wd /usr/bin/setpriv --reuid 10001 \
        --regid 10001 --clear-groups --no-new-privs --bounding-set=-all \
        /usr/bin/env -i "${environment[@]}" "$@"
}

healthy() { # TARGET: its own health check passes
    mapfile -t check < <(setting "$1" Healthcheck)
    local _
    for _ in $(seq 60); do
        [[ -d /proc/$PROCESS ]] || { cat "$WORK/$1.log" && fail "$1 ended"; }
        if inside "${check[@]}" 2>"$WORK/health.log"; then return; fi
        sleep 1
    done
    cat "$WORK/$1.log" "$WORK/health.log" && fail "$1 does not become healthy"
}

limited() { # TARGET: it and its children run as nobody in particular, and write in /tmp alone
    local process
    for process in $PROCESS $(pgrep --parent "$PROCESS" || true); do
        grep -qP '^Uid:\t10001\t10001\t10001\t10001$' "/proc/$process/status" || fail "user of $process"
        grep -qP '^CapEff:\t0+$' "/proc/$process/status" || fail "capabilities of $process"
        grep -qP '^CapBnd:\t0+$' "/proc/$process/status" || fail "capabilities of $process"
        grep -qP '^NoNewPrivs:\t1$' "/proc/$process/status" || fail "privileges of $process"
    done
    if inside touch /models/x 2>/dev/null || inside touch /opt/x 2>/dev/null; then
        fail "the file system is not read-only"
    fi
    inside touch /tmp/x && inside rm /tmp/x
    grep -iE 'read-only file system|permission denied|traceback' "$WORK/$1.log" && fail "see $WORK/$1.log"
    # What decodes leaves nothing, and nothing that would call home has settled down.
    local left
    left=$(inside find /tmp -mindepth 1)
    [[ -z $left ]] || fail "left in /tmp: $left"
    echo "user 10001, no capabilities, root read-only, nothing left in /tmp"
}

stop() { # TARGET: a signal ends it, in time and in order
    local begun=$SECONDS status=0
    kill -TERM "$PROCESS"
    wait "$PROCESS" || status=$?
    echo "ended $((SECONDS - begun)) s after SIGTERM with status $status"
    # 143: by the signal itself, once everything was closed
    [[ $status -eq 0 || $status -eq 143 ]] || fail "status $status"
    PROCESS=
}

# Somebody opens the page: it is drawn without an error.
VISIT='
from pathlib import Path
import affekt.web
from streamlit.testing.v1 import AppTest
page = AppTest.from_file(str(Path(affekt.web.__file__).with_name("page.py")), default_timeout=60).run()
assert not page.exception, page.exception
print("the page:", page.title[0].value)'

prove() { # TARGET PORT VARIABLE
    build "$1"
    local container root
    container=proof-$1
    builder from --name "$container" "localhost/affekt-$1" >/dev/null
    root=$(builder mount "$container")
    no_build_tools "$root"
    libraries "$root"
    say "Start: $1, with $3=$2"
    start "$1" "$root" "$3=$2"
    healthy "$1"
    inside python -c 'import av, soundfile, onnxruntime'
    inside affekt predict - <examples/synthetic_level.wav
    if [[ $1 == page ]]; then inside python -c "$VISIT"; fi
    say "Ask: $1"
    python3 deploy/check.py "$1" "http://127.0.0.1:$2"
    limited "$1"
    stop "$1"
}

clean_up() {
    [[ -z $PROCESS ]] || kill -KILL "$PROCESS" 2>/dev/null || true
    wait
    builder rm proof-service proof-page >/dev/null 2>&1 || true # unmounts as well
    umount "$WORK/storage/overlay" 2>/dev/null || true
}

PROCESS=
trap clean_up EXIT
[[ -n $BASE ]] || make_base
case ${1:-all} in
service | all) prove service 18080 PORT ;;&
page | all) prove page 18501 WEBSITES_PORT ;;&
service | page | all) say "Proved: ${1:-all}" ;;
*) fail "expected service, page or nothing: $1" ;;
esac

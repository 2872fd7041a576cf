# Sourced by run, test, debug and fuzz: makes $build_dir a current build of this tree. Shows how far it is, and the output only
# when that fails. Needs $root_dir; takes $verbose, and $launches: "$@" is for the launcher.
build_dir=$root_dir/build

# Ninja's "[12/345] ..." as a line that counts, on a terminal; elsewhere every hundredth.
show_progress() {
    name=$(basename "$0")
    while IFS= read -r line; do
        count=${line%%]*}]
        if [ -t 1 ]; then
            case $line in "["*/*]*) printf '\r%s: building %s' "$name" "$count" ;; esac
        else
            case $count in "["*00/*) echo "$name: building $count" ;; esac
        fi
    done
    [ ! -t 1 ] || printf '\r\033[K'
}

build_quietly() {
    if [ -n "$verbose" ]; then
        "$@" >&2 </dev/null
        return
    fi
    build_log=$(mktemp) || return
    build_status=$({ { "$@" 2>&1 </dev/null 3>&-; echo $? >&3; } | tee "$build_log" | show_progress >&2; } 3>&1)
    [ "$build_status" = 0 ] || cat "$build_log" >&2
    rm -f "$build_log"
    [ "$build_status" = 0 ] || echo "$(basename "$0"): failed: $*" >&2
    return "$build_status"
}

# Wrong options are named before anything is installed or built.
if [ -n "${launches-}" ] && command -v python3 >/dev/null 2>&1; then
    "$root_dir/scripts/launch" --only-check "$@"
    launch_status=$?
    [ $launch_status -eq 3 ] || exit $launch_status     # 3: they are right; 0: they ask for help
fi

"$root_dir/scripts/setup" --quiet </dev/null || exit 2
if ! mkdir -p "$build_dir" 2>/dev/null || [ ! -w "$build_dir" ]; then
    echo "$(basename "$0"): cannot write to $build_dir (made by another user?)" >&2
    exit 2
fi
if [ ! -e "$build_dir/build.ninja" ]; then
    # What an interrupted set-up left behind would only confuse the next one.
    rm -rf "$build_dir/meson-private" "$build_dir/meson-info"
    [ -n "$verbose" ] || echo "$(basename "$0"): the first build takes a minute or two" >&2
    build_quietly meson setup --cross-file "$root_dir/scripts/riscv64-unknown-elf.ini" "$build_dir" "$root_dir" || exit 2
fi
build_quietly meson compile -C "$build_dir" || exit 2

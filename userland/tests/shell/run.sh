# run.sh FOLDER [CASE...]: run the scripts in FOLDER, or those named, each in an empty folder of its own, and compare what they
# print, and their status, with CASE.out beside them. Prints TAP. A script that begins with "# guest" is not for other systems.
# Uses nothing but POSIX: the build machine's own shell and tools prove the expectations, and our shell runs the same.
folder=$(cd "$1" && pwd) || exit 2
shift
tmp=${TMPDIR:-/tmp}/shell-tests.$$
system=$(uname -s)
number=0 failures=0

[ $# -gt 0 ] || set -- "$folder"/[!r]*.sh "$folder"/r[!u]*.sh
[ -d "${TMPDIR:-/tmp}" ] || mkdir "${TMPDIR:-/tmp}"
echo "TAP version 13"
for script in "$@"; do
    name=${script##*/} name=${name%.sh}
    number=$((number + 1))
    read first <"$folder/$name.sh"
    case $first in
    "# guest"*)
        if [ "$system" != Faultline ]; then
            echo "ok $number - $name # SKIP only in the guest"
            continue
        fi ;;
    esac
    mkdir "$tmp" && mkdir "$tmp/empty" || exit 2
    (
        cd "$tmp/empty" || exit 2
        unset HOME ENV
        sh "$folder/$name.sh" </dev/null >"$tmp/out" 2>"$tmp/err"
        echo "status $?" >>"$tmp/out"
    )
    if [ "$(cat "$tmp/out")" = "$(cat "$folder/$name.out")" ]; then
        echo "ok $number - $name"
    else
        failures=$((failures + 1))
        echo "not ok $number - $name"
        echo "# expected, then got, then its errors:"
        for file in "$folder/$name.out" "$tmp/out" "$tmp/err"; do
            while read -r line; do echo "# $line"; done <"$file"
            echo "# --"
        done
    fi
    rm -rf "$tmp"
done
echo "1..$number"
[ $failures = 0 ]

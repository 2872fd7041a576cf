# Assignment, parameters and the forms of ${...}.
a=1 b=2
echo $a$b ${a}x $ax[$a]
unset ax
echo "${ax-default}" "${ax:-default}" "${a-default}" "${a+set}" "${ax+set}."
empty=
echo "${empty-not}" "${empty:-null}" "${empty+set}" "${empty:+never}."
echo "${new=value}" "$new" ${other:=two words}
echo "$other"
echo ${#a} ${#other} ${#empty}
path=/usr/local/lib/libc.so.6
echo ${path#/*/} ${path##*/} ${path%.*} ${path%%.*} "${path%/*}"
star='*x'
echo "${star#'*'}" "${star%x}" "${path#'*'}"
echo ${a:-$(echo not run)} "${ax:-"$(echo run)"}" ${ax:-'single $x'}
set -- one 'two words' three
echo $# "$1" "$2" $3 "${10}" "$10"
for w in "$@"; do echo "<$w>"; done
for w in $*; do echo "[$w]"; done
for w in "$*"; do echo "{$w}"; done
IFS=-; echo "$*"; unset IFS
shift; echo $# $1
shift 2; echo $#
for w in "$@"; do echo never; done
echo "x$@y"
set -- a b; echo "x$@y" x"$*"y
set --; echo $#
a=$b c=$a; echo $a $c
v=outer; v=inner sh -c 'echo $v'; echo $v
export e=exported; sh -c 'echo $e'
unset e; sh -c 'echo ${e-unset}'
t=1 true; echo ${t-none}
echo $? $(exit 3)
false; echo $?
echo "$(echo a b)" $((1 + 2))

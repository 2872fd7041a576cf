# Field splitting and "$@".
count() { echo $#; }
x='  a b   c '
count $x
count "$x"
count $empty
count "$empty"
count "" ''
count $empty"" $empty
IFS=:
y='a::b: c:'
count $y
for f in $y; do echo "<$f>"; done
IFS=': '
z='  a : b  c:: d'
for f in $z; do echo "<$f>"; done
unset IFS
count $x$x
count a$x
set -- 'p q' r ''
count "$@"
count $@
count "a$@b"
count "$*"
count ${1+"$@"}
count $(printf_is_not_needed=1; echo one two; echo three)
w=a:b; IFS=:
count $w lit:eral
echo $w

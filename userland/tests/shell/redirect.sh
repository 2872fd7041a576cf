# Redirections, pipes, descriptors. Runs in a folder of its own.
echo one >f; cat f
echo two >>f; cat <f
cat nosuch 2>err; echo $?
[ -s err ] && echo has error
{ echo out; echo err >&2; } >both 2>&1; cat both
echo discarded >/dev/null
echo swap 2>&1 >/dev/null | wc -c
true | false; echo $?; false | true; echo $?; (exit 3) | (exit 4); echo $?
echo a | cat | cat - | cat
echo piped | while read x; do echo "got $x"; done
exec 3>three; echo to three >&3; exec 3>&-; cat three
exec 4<f; read a <&4; read b <&4; echo $b $a; exec 4<&-
for i in 1 2 3; do echo $i; done >loop; wc -l <loop
if true; then cat; fi <f
> empty; [ -f empty ] && [ ! -s empty ] && echo empty
true > made; ls made
cat <nosuch 2>/dev/null || echo no input
echo x > no/such/dir 2>/dev/null || echo no output
(echo sub) >f; cat f
f() { cat; }; echo function | f
echo both >f 2>f2; cat f f2
x=$(cat <f); echo $x
set -e
false || echo not fatal
if false; then :; fi
! true
echo before
sh -c 'set -e; false; echo never'; echo never

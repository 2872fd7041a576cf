# guest: levels and lengths that the shell refuses instead of crashing. Other shells have other limits.
repeat() { text= n=0; while [ $n -lt $2 ]; do text=$text$1; n=$((n + 1)); done; echo "$text"; }
open=$(repeat '(' 250)
sh -c "$open" 2>&1
sh -c "$(repeat '{ ' 250)" 2>&1
sh -c "echo $(repeat '$(' 250)" 2>&1
sh -c "echo \$((${open}1))" 2>/dev/null; echo $?
sh -c "$(repeat 'if false; then :; el' 250)" 2>&1
sh -c 'f() { f; }; f' 2>&1
echo 'eval "$again"' >again; sh -c 'again=". ./again"; . ./again' 2>&1
sh -c "$(repeat 'true && ' 300) echo long list"
x=$(dd if=/dev/zero bs=64k count=20 2>/dev/null | while read -r x; do echo; done); echo ${#x}
seq 1 20000 >numbers; set -- $(cat numbers); echo $#
x=$(cat numbers); x=$x$x$x$x; echo ${#x}
# Loops that forget what they have used: 8 MiB are the stack's, and what 300 rounds would keep does not fit beside it.
x=$(head -n 2000 numbers) line='n=$((n + 1)) y=$x; for w in "$x" b; do :; done; case $y in b) ;; esac'
f() { y=$x; return 0; }
ulimit -v 11264
n=0; while [ $n -lt 300 ]; do eval "$line"; f "$y"; f <<END
$x
END
done; echo $n ${#y}

# cd, pwd, test, read, umask, command, exec, wait, set. Runs in a folder of its own.
mkdir -p d/e
cd d && cd e; here=$(pwd); echo ${here##*/}; cd ..; cd - >/dev/null; echo ${PWD##*/}; cd ../..
cd nosuch 2>/dev/null || echo no folder
test a = a; echo $?; test a = b; echo $?; [ a != b ]; echo $?
[ 1 -lt 2 ] && [ 2 -le 2 ] && [ 3 -gt 2 ] && [ 3 -ge 3 ] && [ 3 -ne 4 ] && [ 5 -eq 5 ] && echo numbers
[ -d d ] && [ ! -f d ] && [ -e d ] && echo folder
[ -z "" ] && [ -n x ] && [ x ] && [ ! "" ] && echo strings
[ ! -e nosuch ] && [ -r d -a -x d ] && [ a = b -o c = c ] && echo combined
[ "(" = "(" ] && [ ! = ! ] && [ -f = -f ] && [ "!" ] && echo operands
[ 1 -eq x ] 2>/dev/null; echo $?
echo 'a b  c d' | { read x y; echo "$x|$y"; }
echo 'a\ b c' | { read x y; echo "$x|$y"; }
echo 'a\ b c' | { read -r x y; echo "$x|$y"; }
echo '  lead and trail  ' | { read x; echo "<$x>"; }
echo 'a:b::c' | { IFS=: read x y z; echo "$x|$y|$z"; }
printf 'no newline' | { read x; echo "$? $x"; }
read x </dev/null; echo $?
umask 027; umask; >masked; ls -l masked | { read mode rest; echo $mode; }
sh -c 'exit 5'; echo $?
sh -c 'echo $0 $1 $#' name arg; sh -c 'echo $0 | wc -l'
(exec echo replaced; echo never)
(exec nosuch-program) 2>/dev/null; echo $?
nosuch-program 2>/dev/null; echo $?
./d 2>/dev/null; echo $?
sleep 0 & wait $!; echo $?
(exit 9) & wait $!; echo $?
(exit 9) & wait; echo $?
for i in 1 2 3 4 5 6 7 8 9 10; do (exit 9) & wait $!; [ $? = 9 ] || echo lost; done
n=0; while [ $n -lt 20 ]; do (exit 9) & n=$((n + 1)); first=${first:-$!}; done; wait $first; echo $? $n
command -v cd; command -v nosuch-program; echo $?
echo 'echo sourced $1; v=from-file; return 6' >lib; . ./lib; echo $? $v
echo 'echo script $0 $#; exit 3' >script; chmod +x script; ./script a b; echo $?
printf '#!/bin/sh\necho interpreter $1\n' >script2; chmod +x script2; ./script2 c
sh ./script x; echo $?
set -u; (echo $unset_one) 2>/dev/null; echo $?; set +u
(echo ${q?message}) 2>/dev/null; echo $?
:; echo $?
true & false; wait; echo $?
kill -0 $$ && echo alive
sleep 30 & kill $!; wait $!; echo $?
echo -n no newline; echo
set a b c; echo $2; shift 2; echo $1

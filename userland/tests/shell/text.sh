# wc, head, tail, grep, sort, tee, seq, printf, cat, dd, env, date, sleep, kill.
printf 'one two\nthree\n\nfour  five six\n' >f
wc -l <f; wc -w <f; wc -c <f
printf 'no newline' | wc -l; printf 'no newline' | wc -w
head -n 2 f; tail -n 1 f; tail -n 2 f; head -c 5 f; echo; tail -c 4 f; tail -n +3 f
head -n 0 f; tail -n 0 f; head -n 100 f | wc -l; tail -n 100 f | wc -l
printf 'a\nb' | tail -n 1; echo
printf '' | tail -n 3; printf '' | head -n 3
grep three f; grep -c e f; grep -n o f; grep -v o f; grep -i THREE f; echo $?
grep nosuch f; echo $?
grep x nosuch 2>/dev/null; echo $?
grep '^f' f; grep 'e$' f; grep '^$' f | wc -l; grep 'w*o' f; grep '[x-z]\|t' /dev/null; grep 't.o' f; grep 'f[aeiou]*r' f
grep -E 'one|six' f; grep -E '(e){2}' f; grep -F 'e.' f; grep -F 'e t' f; echo $?
grep -l one f /dev/null; grep -q one f && echo quiet; grep -e -x f; echo $?
grep o f /dev/null; mkdir d; cp f d/g; grep -r four d; echo 'a.b' | grep 'a\.b'
grep '\(' f 2>/dev/null; echo $?
printf 'b\na\nc\na\n' | sort; printf 'b\na\nc\na\n' | sort -u; printf 'b\na\nc\n' | sort -r
printf '10\n9\n-1\n100\n' | sort -n; printf '10\n9\n2\n' | sort -rn; printf '10\n9\n2\n' | sort
printf 'x 3\ny 1\nz 2\n' | sort -k 2; printf 'x 10\ny 9\n' | sort -k 2n; printf 'a:2\nb:1\n' | sort -t : -k 2
printf 'a 1\nb 1\nc 0\n' | sort -k 2,2 -k 1,1r; printf '1\n01\n2\n' | sort -nu | wc -l
printf 'b 1\na 1\n' | sort -k 2; printf 'a 1\nb 1\n' | sort -r -k 2
printf 'z\ny\n' >s; sort -o s s; cat s
echo data | tee t1 t2; cat t1 t2; echo more | tee -a t1 >/dev/null; cat t1
seq 3; seq 2 4; seq 10 -5 0; seq 5 1
printf '%s-%d-%x|%5s|%-5s|%05d|%c\n' str 42 255 ab cd 7 xyz
printf '%s\n' a b c; printf '%b\n' 'tab\there'; printf '\101\n'; printf '100%%\n'; printf '%d %s\n' 1 a 2
printf '%d\n' 0x1f 010
printf 'a\0b' | wc -c
cat f - </dev/null | wc -l; echo in | cat - f | head -n 1; cat nosuch f 2>/dev/null | wc -l
dd if=f bs=4 count=2 2>/dev/null; echo; dd if=f bs=1 skip=4 count=3 2>/dev/null; echo
printf 'abcdef' >g; printf 'XY' | dd of=g bs=1 seek=2 conv=notrunc 2>/dev/null; cat g; echo
printf 'XY' | dd of=g bs=1 seek=1 2>/dev/null; cat g; echo
dd if=/dev/zero of=z bs=1k count=3 2>/dev/null; wc -c <z
dd if=nosuch 2>/dev/null; echo $?
env -i A=1 B=2 env | sort; A=5 env | grep '^A='; env C=3 sh -c 'echo $C'; env nosuch-program 2>/dev/null; echo $?
date +%Y%% | wc -c; date '+%H:%M' | grep -c '^[0-2][0-9]:[0-5][0-9]$'
sleep 0; echo $?; sleep x 2>/dev/null || echo no number
sleep 60 & kill -9 $!; wait $! 2>/dev/null; echo $?; sleep 60 & kill -s TERM $!; wait $! 2>/dev/null; echo $?
kill -l 137

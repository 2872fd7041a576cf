# $(...), `...`, $((...)), here-documents.
echo $(echo a; echo b) "$(echo c; echo d)"
echo "nested: $(echo "$(echo "deep $(echo er)")")"
echo `echo old style` "`echo \`echo nested\``"
x=$(echo ')'; # a comment with )
echo done); echo "$x"
echo $(case a in a) echo matched;; esac)
v=$(false); echo $?
v=$(exit 7) ; echo $?
echo "[$(echo; echo; echo text; echo; echo)]"
echo $((2 + 3 * 4)) $(((2 + 3) * 4)) $((7 / 2)) $((7 % 3)) $((-7 / 2))
n=5; echo $((n * n)) $(($n + 1)) $((n > 3 && n < 9)) $((n == 5 ? 10 : 20)) $((! n)) $((~n))
echo $((n = 8)) $n $((n += 2)) $n $((1 << 4 | 3)) $((0x10)) $((010)) $((6 & 3)) $((6 ^ 3))
echo $((0 && (n = 99))) $n $((1 || (n = 99))) $n
i=0; while [ $i -lt 3 ]; do i=$((i + 1)); echo $i; done
cat <<END
plain $n $(echo sub) $((n + 1)) \$n "quotes" 'kept' \\
END
cat <<'END'
literal $n $(echo sub) \$n
END
cat <<-END
	tabs
	go
	END
cat <<A; cat <<B
first
A
second
B
while read line; do echo "got $line"; done <<END
one
two  three
END

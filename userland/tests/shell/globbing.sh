# Names of files. Runs in a folder of its own.
mkdir d .hidden d/sub
>a1; >a2; >b1; >.dot; >d/x.c; >d/y.c; >'with space'; >d/sub/z.c
echo *
echo a*
echo a? [ab]1 [!a]1
echo .d*
echo d/*.c */*.c */*/*.c
echo nothing*here "a*" 'a*' a\*
echo */
x='a*'; echo $x "$x"
for f in w*; do echo "<$f>"; done
y=a*; echo $y
set -f; echo a*; set +f
echo d/*/
case a1 in a*) echo case;; esac
echo ./a* /nosuch*
echo [a

# if, while, until, for, case, functions, lists.
if true; then echo yes; else echo no; fi
if false; then echo yes; elif true; then echo elif; else echo no; fi
if false; then echo yes; fi; echo $?
true && echo and || echo or
false && echo and || echo or
! true; echo $?
! false; echo $?
true; false || true && echo chain
i=0
while true; do
    i=$((i + 1))
    if [ $i = 2 ]; then continue; fi
    [ $i -gt 4 ] && break
    echo $i
done
until [ $i = 0 ]; do i=$((i - 1)); done; echo $i
for x in a b; do for y in 1 2 3; do [ $y = 2 ] && continue 2; echo $x$y; done; done
for x in a b; do for y in 1 2 3; do [ $y = 2 ] && break 2; echo $x$y; done; done
for x in; do echo never; done; echo $?
for x
do echo never
done
while false; do :; done; echo $?
while echo once; false; do :; done
case hello in h*o) echo glob;; *) echo other;; esac
case x in (a|b) echo ab;; x|y) echo xy;; esac
case '*' in '*') echo star;; esac
case ab in '*') echo wrong;; a?) echo question;; esac
case b in [a-c]) echo range;; esac
case d in [!a-c]) echo negated;; esac
pat='a*'; case abc in $pat) echo from variable;; esac; case abc in "$pat") echo wrong;; *) echo quoted;; esac
case none in a) ;; esac; echo $?
f() { echo "f: $1 $#"; return 3; echo never; }
f x y; echo $?
set -- outer; f inner; echo $1
g() (cd / && pwd; v=changed)
v=kept; g; echo $v
h() { for i in 1 2 3; do [ $i = 2 ] && return; echo $i; done; }
h; echo after
fact() { if [ $1 -le 1 ]; then echo 1; else echo $(($1 * $(fact $(($1 - 1))))); fi; }
fact 10
{ echo group; echo of; } | wc -l
(echo sub; exit 4); echo $?
{ false; }; echo $?
(x=inner; echo $x); echo $x
if (exit 1); then echo yes; else echo no; fi
eval 'echo eval $v'; eval; echo $?
eval "a=1; b=2"; echo $a$b

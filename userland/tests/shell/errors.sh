# What is no command: an error and a status, and the shell goes on where it must.
for text in 'if true' 'echo (' 'echo "a' "echo 'a" 'echo $(echo' 'echo ${a' 'fi' 'a | | b' '&& a' 'case x in' ')' '}' '{ echo a' \
    'for 1 in a; do :; done' 'while true; do' 'a;;b' 'echo <' 'echo `a' 'f() {' 'echo $((1'; do
    sh -c "echo never; $text" >out 2>/dev/null && echo "accepted: $text"
    sh -c "$text" >/dev/null 2>err && echo "accepted: $text"
    [ -s err ] || echo "no message: $text"
done
sh -c 'echo $((1 / 0)); echo never' 2>/dev/null || echo division
sh -c 'echo $((1 +)); echo never' 2>/dev/null || echo expression
sh -c 'echo ${a?}; echo never' 2>/dev/null || echo parameter
sh -c 'set -u; echo $a; echo never' 2>/dev/null || echo unset
sh -c 'eval "if"; echo never' 2>/dev/null || echo eval
sh -c '. ./nosuch; echo never' 2>/dev/null || echo dot
sh -c 'exec <nosuch; echo never' 2>/dev/null || echo exec
sh -c 'nosuch-program; echo after' 2>/dev/null
sh -c 'set -e; nosuch-program; echo never' 2>/dev/null; echo $?
sh nosuch 2>/dev/null || echo no script
sh -c 'exit 300' ; echo $?
sh -c 'kill -9 $$' 2>/dev/null; echo $?
sh -c 'sh -c "kill -9 \$\$"; echo $?' 2>/dev/null

# guest: ps, pmap, top, free, uptime, df, du, stat, hexdump, readlink -f, ulimit, jobs.
ps | grep -c '^ *1 .* init$'
sleep 60 & pid=$!
sleep 0.2
ps | grep "^ *$pid " | { read p parent group state rest; [ $parent = $$ ] && echo "$state"; }
pmap $pid | head -n 1 | grep -c "^$pid: sleep$"
pmap $pid | grep -c '\[stack\]$'; pmap $$ | grep -c '\[heap\]$'; pmap $pid | grep -c '/bin/sleep$' | { read n; [ $n -ge 2 ] && echo text and data; }
# The total is the sum of the lines, and what is resident is private or shared.
pmap $pid | { size=0 resident=0 private=0 shared=0
    read title; read headings
    while read address a b c d e rest; do
        [ $address = total ] && break
        size=$((size + a)) resident=$((resident + b)) private=$((private + c)) shared=$((shared + d))
    done
    [ "$a $size" != "$rest $size" ] && [ $b = $size ] && [ $c = $resident ] && [ $resident = $((private + shared)) ] && [ $resident -gt 0 ] && echo sums; }
pmap 99999 2>/dev/null; echo $?
kill $pid; wait $pid; echo $?
top -b -n 1 | grep -c ' init$'
top -b -d 0 -n 2 | grep -c ' init$'
free | { read unit headings; read mem total used free; [ $total = $((used + free)) ] && [ $used -gt 0 ] && echo $unit; }
free -m | { read unit rest; echo $unit; }
uptime | grep -c '^up 0:0'
df / | tail -n 1 | { read total used free use path; [ $total = $((used + free)) ] && echo $path; }
before=$(df / | tail -n 1); dd if=/dev/zero of=big bs=4k count=100 2>/dev/null
[ "$before" != "$(df / | tail -n 1)" ] && echo df sees it
du big; du -s . | { read n path; [ $n -ge 400 ] && echo $path; }
ln big bigger; du -a . | grep -c big
stat big | grep -c 'Size: 409600 bytes'; stat /dev/null | grep -c 'is device 1,3$'; stat nosuch 2>/dev/null; echo $?
rm big bigger; [ "$before" = "$(df / | tail -n 1)" ] && echo given back
printf 'Hello, hexdump!\n\001\377' | hexdump
dd if=/dev/zero bs=16 count=4 2>/dev/null | hexdump; printf abc | hexdump -s 1 -n 1
mkdir a; ln -s a l; >a/f; readlink -f l/f | { read path; echo ${path##*/empty/}; }
ulimit -n 20; ulimit -n; (ulimit -n 3; cat /dev/null) 2>/dev/null; echo $?
sleep 0.1 & jobs; wait; jobs
uname; uname -m
kill -l | head -n 1
echo *notes* /proc/$$/sta[t]us | grep -c /proc/$$/status

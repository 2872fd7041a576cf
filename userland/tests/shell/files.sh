# cp, mv, rm, mkdir, rmdir, ln, touch, chmod, readlink, find, ls, pwd, test: what POSIX says of them.
mkdir d && mkdir -p p/q/r && mkdir -m 700 m && ls -ld m | { read mode rest; echo $mode; }
mkdir d 2>/dev/null; echo $?
mkdir no/where 2>/dev/null; echo $?
mkdir -p d; echo $?
echo text >f
cp f g && cp f d && cat g d/f
cp f nosuch/g 2>/dev/null; echo $?
cp nosuch g 2>/dev/null; echo $?
cp f f 2>/dev/null; echo $?
cp d e 2>/dev/null; [ -e e ]; echo $?
ln -s ../f d/link && cp -R d e && cat e/f && readlink e/link && cat e/link
cp f g d d/f p 2>/dev/null; echo $?; ls p
mv g h && ls && cat h
mv h d && ls d
mv nosuch x 2>/dev/null; echo $?
mv d/h d/f . && ls d
mv d e && ls e e/d
ln f hard && echo more >>hard && cat f
ln f hard 2>/dev/null; echo $?
ln -s nowhere dangling && [ -L dangling ] && [ ! -e dangling ] && echo dangling
cat dangling 2>/dev/null; echo $?
rm dangling hard && ls
rm nosuch 2>/dev/null; echo $?
rm -f nosuch; echo $?
rm e 2>/dev/null; echo $?
rmdir e 2>/dev/null; echo $?
rm -r e && rmdir -p p/q/r 2>/dev/null; ls
rmdir m && touch t && [ -f t ] && [ ! -s t ] && echo touched
touch -c never && [ ! -e never ] && echo not made
chmod 640 f && ls -l f | { read mode rest; echo $mode; }
chmod u+x,g-r,o=rw f && ls -l f | { read mode rest; echo $mode; }
umask 077; chmod a=r f; ls -l f | { read mode rest; echo $mode; }; >private; ls -l private | { read mode rest; echo $mode; }
umask 022
chmod 400 f; chmod +w f; ls -l f | { read mode rest; echo $mode; }
chmod 999 f 2>/dev/null || echo no mode
mkdir -p w/a/b w/c; touch w/a/x.c w/a/b/y.c w/c/z.h
find w | sort; find w -name '*.c' | sort; find w -type d -name '[bc]' | sort
ls -R w
ls -a w; ls -d w w/a; ls nosuch 2>/dev/null || echo no such
cd w/a/b; here=$(pwd); echo ${here##*/w/}; cd ../../..
ln -s w/a l; ls l; (cd l; ls); rm l; ls w/a
rm -r w; [ -d w ] || echo gone
touch one two; [ one -ef ./one ] && [ ! one -ef two ] && echo compared

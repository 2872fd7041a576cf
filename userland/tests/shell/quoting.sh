# Quotes, backslashes, comments.
echo a  b   c
echo 'single  $x "quoted"' "double  'quoted'" back\ slash
x='two  words'
echo $x
echo "$x"
echo '$x' "\$x" \$x
echo "a\\ b" "a\"b" "a\`b" "a\qb"
echo a\
b "c\
d"
echo a#b #comment
# a comment alone; echo never
echo "" '' | wc -c
echo 'new
line'
echo "tab	kept"
echo a'b'"c"d
echo ~nobody-like "~" '~'
HOME=/home/x
echo ~ ~/file "~/file" x~

#!/usr/bin/env bash
# Tries `./educe` as a user would: through links, from elsewhere, with streams closed or gone. Prints
# what is wrong.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

# expect WHAT WANTED GOT
expect() {
  if [ "$2" != "$3" ]; then
    printf '%s: expected\n%s\nbut got\n%s\n' "$1" "$2" "$3"
    failures=$((failures + 1))
  fi
}

# It may have to build first, and says so.
"$root/educe" --version > /dev/null 2>&1 || "$root/educe" --version

mkdir "a folder"
ln -s "$root/educe" "a folder/real link"
ln -s "a folder/real link" linked
educe=$work/linked

expect "standard error of a good run" "" "$("$educe" --version 2>&1 > /dev/null)"
expect "without a command" 2 "$("$educe" > /dev/null 2>&1; echo $?)"
expect "a mistake's sentence" "educe: no such file: a b.gguf" "$("$educe" run "a b.gguf" 2>&1 > /dev/null)"
expect "a mistake's code" 1 "$("$educe" run "a b.gguf" 2> /dev/null; echo $?)"
expect "a story without a model" "Once upon a time" \
  "$("$educe" run "Once upon a time" -n 1 --temperature 0 2> /dev/null | cut -c1-16)"
expect "a reader that goes" "0 0" \
  "$("$educe" --help 2> err | head -1 > /dev/null; echo "${PIPESTATUS[@]}")$(cat err)"
expect "closed streams" 0 "$("$educe" --version <&- 2>&- > /dev/null; echo $?)"
expect "no output" 0 "$("$educe" --version >&-; echo $?)"
"$educe" bench --make llama-tiny-q4_0 tiny.gguf 2> /dev/null
if [ -e /dev/full ]; then
  expect "a full disk" "educe: cannot write to standard output: No space left on device" \
    "$("$educe" inspect tiny.gguf 2>&1 > /dev/full)"
fi
expect "text in any locale" '"▁" "<0xC3>" "<0xA9>"' \
  "$(LC_ALL=C "$educe" tokenize tiny.gguf --no-bos é \
    | awk '{ printf "%s%s", (NR > 1 ? " " : ""), $2 }')"
expect "options of the machine" "educe: no such file: x.gguf" \
  "$("$educe" -Deduce.debug -Xmx64m run x.gguf 2>&1 | head -1)"
expect "what the JVM says" 1 "$("$educe" -XX:NoSuchOption run x 2>&1 | grep -c NoSuchOption)"

[ $failures = 0 ] && echo "the launcher does what it should"
exit $failures

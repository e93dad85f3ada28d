# Finds the JDK that builds and runs Educe; sourced by `educe` and `dev`. Bash 3.2 is enough.
#
# A JDK says what it is in its file `release`, so none has to be started to be asked.

jdk_floor="25.0.3"

# What follows starts no process where it can do without, since every command waits for it.

# Sets `number` to a version as one number that can be compared: 25.0.3 is 25000003.
number_version() {
  local IFS=.
  # shellcheck disable=SC2086
  set -- ${1%%[-+_]*}
  case ${1:-0}${2:-0}${3:-0} in
    *[!0-9]*) number=0 ;;
    *) number=$((10#${1:-0} * 1000000 + 10#${2:-0} * 1000 + 10#${3:-0})) ;;
  esac
}

# Sets `number` to the version of the JDK in a folder; fails where there is none that can build.
number_jdk() {
  local line version="" modules=""
  [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      JAVA_VERSION=*) version=${line#*=} ;;
      MODULES=*) modules=${line#*=} ;;
    esac
  done < "$1/release"
  case $modules in
    "" | *jdk.incubator.vector*) number_version "${version//\"/}" ;;
    *) return 1 ;;
  esac
}

# Sets `file` to what a link leads to, in the end.
follow() {
  local link
  file=$1
  while [ -L "$file" ]; do
    link=$(readlink "$file")
    case $link in
      /*) file=$link ;;
      *) file=${file%/*}/$link ;;
    esac
  done
}

# Sets JAVA_HOME: to itself where it will do, else to the JDK of the `java` on PATH, else to the
# newest of the usual folders.
find_jdk() {
  local floor found=0 number file folder chosen=""
  number_version "$jdk_floor"
  floor=$number
  if [ -n "${JAVA_HOME:-}" ] && number_jdk "$JAVA_HOME" && [ "$number" -ge "$floor" ]; then
    export JAVA_HOME
    return
  fi
  if file=$(command -v java); then
    follow "$file"
    folder=${file%/bin/*}
    if number_jdk "$folder" && [ "$number" -ge "$floor" ]; then
      export JAVA_HOME=$folder
      return
    fi
  fi
  for folder in /usr/lib/jvm/* /usr/lib64/jvm/* /usr/java/* /usr/local/lib/jvm/* /opt/* /opt/*/* \
    "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* "$HOME"/.gradle/jdks/* \
    "$HOME"/.local/share/mise/installs/java/* "$HOME"/.asdf/installs/java/* "$HOME"/.jenv/versions/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "$HOME"/Library/Java/JavaVirtualMachines/*/Contents/Home \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
    if number_jdk "$folder" && [ "$number" -ge "$floor" ] && [ "$number" -gt "$found" ]; then
      found=$number
      chosen=$folder
    fi
  done
  if [ -z "$chosen" ]; then
    echo "${0##*/}: no JDK $jdk_floor or newer is in JAVA_HOME, on PATH or in the usual folders;" \
      "install one (for instance Temurin 25) or set JAVA_HOME to it" >&2
    exit 1
  fi
  export JAVA_HOME=$chosen
}

# Fails with a sentence where Maven is missing.
need_maven() {
  if ! command -v mvn > /dev/null; then
    echo "${0##*/}: Maven 3.8.7 or newer is needed to build; install it (package 'maven')" >&2
    exit 1
  fi
  # Maven's own libraries use what the JVM warns of.
  export MAVEN_OPTS="${MAVEN_OPTS:-} --enable-native-access=ALL-UNNAMED"
  MAVEN_OPTS="$MAVEN_OPTS --sun-misc-unsafe-memory-access=allow"
}

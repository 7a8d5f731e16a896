#!/bin/sh
# Installs the foreign clients that test/interop wants and this machine lacks: AWS's for Python, into a virtual environment of
# their own.
set -eu
venv="${PITWALL_INTEROP_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/pitwall/interop}"

if ! python3 -c 'import ensurepip' 2>/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
fi
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -c 'import awsiot, boto3' 2>/dev/null || "$venv/bin/pip" install --quiet awsiotsdk boto3

"$venv/bin/python" -c 'import moto.server, flask' 2>/dev/null || "$venv/bin/pip" install --quiet 'moto[server]'

"$venv/bin/python" -c 'import cantools' 2>/dev/null || "$venv/bin/pip" install --quiet cantools

# Joda-Time, for Java's own answers. Without Maven it can be had as Debian's libjoda-time-java.
joda="${XDG_CACHE_HOME:-$HOME/.cache}/pitwall/joda-time.jar"
version=2.14.0
if [ ! -e "$joda" ] && command -v mvn >/dev/null; then
  mkdir -p "$(dirname "$joda")"
  mvn -q -B dependency:copy -Dartifact="joda-time:joda-time:$version" -DoutputDirectory="$(dirname "$joda")" &&
    mv "$(dirname "$joda")/joda-time-$version.jar" "$joda"
fi

# The Kinesis Client Library and the Kinesis Producer Library with all that they need, by Maven.
here="$(cd "$(dirname "$0")" && pwd)"
libraries="${XDG_CACHE_HOME:-$HOME/.cache}/pitwall/kinesis-libraries"
if ! cmp -s "$here/kinesis-libraries/pom.xml" "$libraries/pom.xml" && command -v mvn >/dev/null; then
  rm -rf "$libraries"
  mkdir -p "$libraries"
  mvn -q -B -f "$here/kinesis-libraries/pom.xml" dependency:copy-dependencies -DoutputDirectory="$libraries/lib" &&
    cp "$here/kinesis-libraries/pom.xml" "$libraries/pom.xml"
fi

# AWS's DynamoDB Local, by Maven.
tables="${XDG_CACHE_HOME:-$HOME/.cache}/pitwall/dynamodb-local"
if ! cmp -s "$here/dynamodb-local/pom.xml" "$tables/pom.xml" && command -v mvn >/dev/null; then
  rm -rf "$tables"
  mkdir -p "$tables"
  mvn -q -B -f "$here/dynamodb-local/pom.xml" dependency:copy-dependencies -DoutputDirectory="$tables/lib" &&
    cp "$here/dynamodb-local/pom.xml" "$tables/pom.xml"
fi

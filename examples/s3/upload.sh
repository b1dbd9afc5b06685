#!/usr/bin/env bash
# Uploads the files whose names it reads, with the aws CLI; then lists and reads what is there.
set -euo pipefail
AWS_CONFIG_FILE=$(dirname "$0")/aws-config
export AWS_CONFIG_FILE
prefix=${1#s3://*/}

while read -r name; do
  aws s3 cp --only-show-errors "$name" "$1" # in parts if it is larger than 8 MiB
  echo "uploaded $prefix${name##*/}"
done

aws s3 ls "$1" | while read -r _ _ _ name; do
  size=$(aws s3 cp --only-show-errors "$1$name" - | wc -c)
  echo "read $prefix$name $size"
done

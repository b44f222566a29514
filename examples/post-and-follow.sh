#!/usr/bin/env bash
# Posts every line of its input to a room and prints what the room says, with nothing but nc and jq.
# It ends with its input: Ctrl-D, or the end of a pipe; with 1 when the server is not there or refuses. Needs
# OpenBSD's nc, for -N.
#
#   make 2>&1 | examples/post-and-follow.sh ROOM [NAME] [PORT] [HOST]
#   (or ROOMLINE_ROOM, ROOMLINE_NAME, ROOMLINE_PORT, ROOMLINE_HOST)
set -euo pipefail
room=${1:-${ROOMLINE_ROOM:-lobby}}
name=${2:-${ROOMLINE_NAME:-}}
port=${3:-${ROOMLINE_PORT:-4040}}
host=${4:-${ROOMLINE_HOST:-127.0.0.1}}

{
  jq -cn --arg name "$name" --arg room "$room" '{type: "connect", $name, $room}'
  jq -Rc --unbuffered 'select(. != "") | {type: "message", text: .}'
} | nc -N "$host" "$port" | jq -r --unbuffered '
  # What others say must not reach the terminal as control characters.
  def shown: gsub("[\\p{C}\\p{Zl}\\p{Zp}]"; "?");
  if .type == "message" then "\(.time[11:19]) \(.from | shown): \(.text | shown)"
  elif .type == "file" then "\(.time[11:19]) \(.from | shown) shared \(.name | shown)"
  elif .type == "error" then "! \(.message | shown)\n" | halt_error(1)
  else empty end'

#!/bin/sh
# Grant a customer 5.00 USD and print what scrip tells of it.
#
# Needs redis-cli or valkey-cli. Run: BROKER_URL=redis://localhost:6379 sh credits.sh CUSTOMER
set -eu

cli=$(command -v valkey-cli || command -v redis-cli)
call() {
    "$cli" -e -u "${BROKER_URL:-redis://localhost:6379}" --no-auth-warning --raw "$@"
}

id="grant-$(date +%s)-$$"
time=$(date -u +%Y-%m-%dT%H:%M:%SZ)

# Where the event stream ends now; a real subscriber keeps the last position it has handled.
newest=$(call XREVRANGE credits.events + - COUNT 1)
position=$(echo "$newest" | head -n 1)

# After any doubt send the message again with the same id: it counts once.
call XADD credits.in '*' event "{
  \"specversion\": \"1.0\", \"id\": \"$id\", \"source\": \"/examples/shell\",
  \"type\": \"credit.grant\", \"time\": \"$time\",
  \"data\": {\"customer\": \"$1\", \"currency\": \"USD\", \"amount\": \"5.00\"}}" > /dev/null

while true; do
    # Four lines: the stream, the position, the word event, and the event itself.
    reply=$(call XREAD COUNT 1 BLOCK 10000 STREAMS credits.events "${position:-0-0}")
    [ -n "$reply" ] || exit 1
    position=$(echo "$reply" | sed -n 2p)
    case $reply in
        *"\"$id\""*)
            echo "$reply" | sed -n 4p
            exit 0 ;;
    esac
done

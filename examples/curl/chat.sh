#!/usr/bin/env bash
# A chat with curl and jq: see README.md. The state file keeps how far the newest answer was received.
set -euo pipefail
url=${SEGUE_URL:-http://127.0.0.1:4000/graphql}
state=${SEGUE_CHAT_STATE:-.chat-state}
event='__typename seq streamId sessionId ... on TextDelta { partIndex offset text }'

# request DOCUMENT VARIABLES [curl options]: prints the response of a query or mutation.
request() {
  jq -nc --arg query "$1" --argjson variables "$2" '{$query, $variables}' |
    curl -sSN "$url" -H 'content-type: application/json' --data-binary @- "${@:3}"
}

# subscribe DOCUMENT VARIABLES: prints the data of each event of a subscription, one JSON text a line.
subscribe() {
  request "$@" -H 'accept: text/event-stream' |
    jq --unbuffered -Rc 'select(startswith("data: {"))[6:] | fromjson | if .errors then .errors[0].message + "\n" | halt_error else .data end'
}

# Prints the text of an answer as it arrives, from where the state file says that it was printed: after a cursor, an event may
# come with text that was received before. Offsets are in UTF-16 code units. The tabs of jq's output separate its columns, and
# those of the text are escaped.
print_answer() {
  jq --unbuffered -rn --argjson part "${part:-0}" --argjson printed "${printed:-0}" '
    def units: if . > 65535 then 2 else 1 end;
    def drop($n): reduce explode[] as $char ({$n, kept: []}; if .n > 0 then .n -= ($char | units) else .kept += [$char] end)
      | .kept | implode;
    foreach (inputs | .[]) as $event ({$part, $printed};
      if $event.text then
        (if $event.partIndex == .part then .printed else 0 end) as $known
        | .new = ($event.text | drop($known - $event.offset))
        | .part = $event.partIndex
        | .printed = ([$known, $event.offset + ([$event.text | explode[] | units] | add // 0)] | max)
      else .new = "" end;
      [$event.streamId, $event.seq, $event.sessionId, .part, .printed, .new] | @tsv)' |
    while IFS=$'\t' read -r stream seq session part printed text; do
      printf '%b' "$text"
      echo "$stream $seq $session $part $printed" >"$state.new"
      mv "$state.new" "$state" # whole, also for commands that run at the same time
    done
  echo
}

list() {
  request '{ conversations(first: 20) { edges { node { title tip { id } } } } }' '{}' |
    jq -r '.data.conversations.edges[].node | "\(.tip.id)  \(.title)"'
}

stream='' seq='' session='' part=0 printed=0
if [ -f "$state" ]; then read -r stream seq session part printed <"$state"; fi

case ${1:-} in
send) # goes on in the session of the last answer
  part=0 printed=0
  input=$(jq -nc --arg text "$2" --arg session "$session" '{$text, sessionId: (if $session == "" then null else $session end)}')
  subscribe "subscription (\$input: StreamChatInput!) { streamChat(input: \$input) { $event } }" "{\"input\":$input}" | print_answer
  ;;
resume)
  variables="{\"id\":\"$stream\",\"after\":$seq}"
  subscribe "subscription (\$id: ID!, \$after: Int) { followStream(streamId: \$id, after: \$after) { $event } }" "$variables" | print_answer
  ;;
stop)
  request 'mutation ($id: ID!) { cancelStream(streamId: $id) { outcome message { text } } }' "{\"id\":\"$stream\"}" |
    jq -r '.errors[0].message // (.data.cancelStream | "\(.outcome): \(.message.text // "")")'
  ;;
list) # READY comes first: the list is read after the subscription has begun, so nothing is missed in between
  subscribe 'subscription { conversationsChanged { kind conversation { title tip { id } } } }' '{}' |
    jq --unbuffered -r '.[] | [.kind, .conversation.tip.id // "removed", .conversation.title // ""] | @tsv' |
    while IFS=$'\t' read -r kind tip title; do
      if [ "$kind" = READY ]; then list; else echo "$tip  $title"; fi
    done
  ;;
*)
  echo 'Usage: chat.sh list | send TEXT | resume | stop' >&2
  exit 2
  ;;
esac

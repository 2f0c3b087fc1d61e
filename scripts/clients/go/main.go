package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/Khan/genqlient/graphql"
	"github.com/gorilla/websocket"
)

type dialer struct{ *websocket.Dialer }

func (d dialer) DialContext(ctx context.Context, url string, header http.Header) (graphql.WSConn, error) {
	conn, _, err := d.Dialer.DialContext(ctx, url, header)
	return conn, err
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// answer is one chat: what was received, and what the server saved.
type answer struct{ streamID, received, saved string }

// chat sends a message and reads its answer to the end. onText is called with the id of the stream after each delta.
func chat(ctx context.Context, client graphql.WebSocketClient, text string, onText func(streamID string)) answer {
	var result answer
	var received []rune
	events, _, err := Chat(ctx, client, StreamChatInput{Text: text})
	check(err)
	for event := range events {
		if len(event.Errors) > 0 {
			log.Fatal(event.Errors)
		}
		if event.Data == nil || event.Data.StreamChat == nil {
			continue
		}
		switch e := event.Data.StreamChat.(type) {
		case *ChatStreamChatStreamStarted:
			result.streamID = *e.StreamId
		case *ChatStreamChatTextDelta:
			// Offsets are in UTF-16 code units; the offline agent writes ASCII.
			delta := []rune(e.Text)
			end := e.Offset + len(delta)
			tail := []rune{}
			if end < len(received) {
				tail = received[end:]
			}
			received = append(append(append([]rune{}, received[:e.Offset]...), delta...), tail...)
			onText(*e.StreamId)
		case *ChatStreamChatStreamFinished:
			if e.Message != nil {
				result.saved = e.Message.Text
			}
		}
	}
	// The subscription is complete: genqlient has closed the channel. Unsubscribe is for one that is not.
	result.received = string(received)
	return result
}

func main() {
	ctx := context.Background()
	url := os.Getenv("SEGUE_URL")
	client := graphql.NewClient(url, http.DefaultClient)
	socket := graphql.NewClientUsingWebSocket(
		strings.Replace(url, "http", "ws", 1), dialer{websocket.DefaultDialer})
	errors, err := socket.Start(ctx)
	check(err)
	go func() { check(<-errors) }()

	list, err := ListConversations(ctx, client)
	check(err)
	titles, gardenID := []string{}, ""
	for _, edge := range list.Conversations.Edges {
		titles = append(titles, *edge.Node.Title)
		if *edge.Node.Title == "Garden" {
			gardenID = edge.Node.Id
		}
	}

	whole := chat(ctx, socket, "Hello", func(string) {})
	var outcome string
	partial := chat(ctx, socket, "Who are you? Tell me all about yourself.", func(streamID string) {
		if outcome == "" {
			cancelled, err := StopStream(ctx, client, streamID)
			check(err)
			outcome = string(cancelled.CancelStream.Outcome)
		}
	})

	// What is not set is sent as null, and keeps its value.
	pinned := true
	updated, err := PinConversation(ctx, client, gardenID, UpdateConversationInput{Pinned: &pinned})
	check(err)

	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"titles":  titles,
		"whole":   []string{whole.received, whole.saved},
		"outcome": outcome,
		"partial": []string{partial.received, partial.saved},
		"title":   updated.UpdateConversation.Title,
	}))
}

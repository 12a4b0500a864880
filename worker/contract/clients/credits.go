// Grant a customer 5.00 USD and print what scrip tells of it.
//
// Needs `go get github.com/redis/go-redis/v9`.
// Run: BROKER_URL=redis://localhost:6379 go run credits.go CUSTOMER
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
)

type event struct {
	Type string `json:"type"`
	Data struct {
		Tenant    string `json:"tenant"`
		Customer  string `json:"customer"`
		Currency  string `json:"currency"`
		EventSeq  int64  `json:"event_seq"`
		Available int64  `json:"available"`
		ID        string `json:"id"`
		Cause     struct {
			ID string `json:"id"`
		} `json:"cause"`
	} `json:"data"`
}

// publish sends a message; after any doubt send it again with the same id, it counts once.
func publish(ctx context.Context, client *redis.Client, kind, id string, data any) error {
	body, err := json.Marshal(map[string]any{
		"specversion": "1.0", "id": id, "source": "/examples/go", "type": kind,
		"time": time.Now().UTC().Format(time.RFC3339Nano), "data": data,
	})
	if err != nil {
		return err
	}
	message := &redis.XAddArgs{Stream: "credits.in", Values: []string{"event", string(body)}}
	return client.XAdd(ctx, message).Err()
}

// newest is where the event stream ends now; a real subscriber keeps the last position it handled.
func newest(ctx context.Context, client *redis.Client) (string, error) {
	entries, err := client.XRevRangeN(ctx, "credits.events", "+", "-", 1).Result()
	if err != nil || len(entries) == 0 {
		return "0-0", err
	}
	return entries[0].ID, nil
}

// follow hands over the events behind a position until one is the last, or none comes for 10 s.
func follow(ctx context.Context, client *redis.Client, position string, isLast func(event) bool) error {
	seen := map[[3]string]int64{}
	for {
		read := &redis.XReadArgs{
			Streams: []string{"credits.events", position}, Count: 100, Block: 10 * time.Second,
		}
		streams, err := client.XRead(ctx, read).Result()
		if err != nil {
			return err // redis.Nil when nothing has come
		}
		for _, entry := range streams[0].Messages {
			position = entry.ID
			text, isText := entry.Values["event"].(string)
			var found event
			if !isText || json.Unmarshal([]byte(text), &found) != nil {
				return errors.New("no event at " + position)
			}
			data := found.Data
			if data.EventSeq == 0 {
				continue // message.quarantined is of no account
			}
			account := [3]string{data.Tenant, data.Customer, data.Currency}
			before, known := seen[account]
			if known && data.EventSeq > before+1 {
				fmt.Fprintln(os.Stderr, "events are missing of", account, "after", before)
			}
			if known && data.EventSeq <= before {
				continue // delivered twice
			}
			seen[account] = data.EventSeq
			if isLast(found) {
				return nil
			}
		}
	}
}

func run(ctx context.Context, customer string) error {
	url := os.Getenv("BROKER_URL")
	if url == "" {
		url = "redis://localhost:6379"
	}
	options, err := redis.ParseURL(url)
	if err != nil {
		return err
	}
	client := redis.NewClient(options)
	defer client.Close()
	position, err := newest(ctx, client)
	if err != nil {
		return err
	}
	id := fmt.Sprintf("grant-%d", time.Now().UnixNano())
	grant := map[string]any{"customer": customer, "currency": "USD", "amount": "5.00"}
	if err := publish(ctx, client, "credit.grant", id, grant); err != nil {
		return err
	}
	return follow(ctx, client, position, func(found event) bool {
		if found.Data.Cause.ID != id && found.Data.ID != id {
			return false
		}
		fmt.Printf("%s: %d available after %s\n", found.Type, found.Data.Available, id)
		return true
	})
}

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

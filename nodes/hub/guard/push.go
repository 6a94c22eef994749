package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
)

// A push consumer sends what a stream has to a subject of the account ROOST that whoever makes it chooses. Who may read
// a stream must be able to make consumers, and of what kind they are, permissions do not say. The server
// sends nothing as long as nobody listens at exactly that subject; but when it starts again it asks only whether
// anybody listens there at all, and then stores in one stream what is in another one (nats-server 2.15.2, see
// TestPushConsumers). So push consumers are deleted: nothing of Roost needs one.

// ConsumersMade is where the server tells of consumers that were made.
const ConsumersMade = "$JS.EVENT.ADVISORY.CONSUMER.CREATED.>"

// MadeConsumer reads what the server tells there.
func MadeConsumer(data []byte) (stream, consumer string) {
	var advisory struct {
		Stream   string `json:"stream"`
		Consumer string `json:"consumer"`
	}
	_ = json.Unmarshal(data, &advisory) // one of another kind has no names
	return advisory.Stream, advisory.Consumer
}

// DeletePush deletes a consumer if it is one that pushes, and reports whether it was.
func DeletePush(ctx context.Context, js jetstream.JetStream, stream, consumer string) (bool, error) {
	c, err := js.PushConsumer(ctx, stream, consumer)
	switch {
	case errors.Is(err, jetstream.ErrNotPushConsumer), errors.Is(err, jetstream.ErrConsumerNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look at consumer %s of stream %s: %w", consumer, stream, err)
	case ofServer(c.CachedInfo().Config):
		return false, nil
	}
	return true, deleteConsumer(ctx, js, stream, consumer)
}

// ofServer reports whether a consumer is one that the server itself copies streams with. Nobody listens there
// but the server.
func ofServer(c jetstream.ConsumerConfig) bool {
	return strings.HasPrefix(c.DeliverSubject, "$JS.S.") || strings.HasPrefix(c.DeliverSubject, "$JS.M.")
}

// deletePushes deletes all that are there.
func deletePushes(ctx context.Context, js jetstream.JetStream, names cluster.Subjects) error {
	for _, name := range []string{names.ControlStream(), names.CommandsStream(), names.ReadingsStream()} {
		stream, err := js.Stream(ctx, name)
		if err != nil {
			return err
		}
		list := stream.ListConsumers(ctx)
		for info := range list.Info() {
			if info.Config.DeliverSubject == "" || ofServer(info.Config) {
				continue
			}
			if err := deleteConsumer(ctx, js, name, info.Name); err != nil {
				return err
			}
		}
		if err := list.Err(); err != nil {
			return fmt.Errorf("list consumers of stream %s: %w", name, err)
		}
	}
	return nil
}

func deleteConsumer(ctx context.Context, js jetstream.JetStream, stream, consumer string) error {
	err := js.DeleteConsumer(ctx, stream, consumer)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) { // it may have gone by itself
		return fmt.Errorf("delete push consumer %s of stream %s: %w", consumer, stream, err)
	}
	return nil
}

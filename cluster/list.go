package cluster

import (
	"context"

	"github.com/nats-io/nats.go"
)

// listControl reads the records of the control stream that match one of the filters.
func listControl(ctx context.Context, nc *nats.Conn, names Subjects, filters ...string) (*Picture, error) {
	picture := NewPicture(names)
	return picture, listInto(ctx, nc, picture, filters...)
}

// listInto reads records into a picture that nobody follows. Each filter has a listing of its own, one
// after the other: for a consumer with several, the server looks through all subjects of the
// stream for each message, and ten thousand devices take it seconds.
func listInto(ctx context.Context, nc *nats.Conn, picture *Picture, filters ...string) error {
	follower, err := NewFollower(nc, picture.names, picture, nil, nil)
	if err != nil {
		return err
	}
	picture.partial = true
	for _, filter := range filters {
		follower.tail.filter = filter
		if err := follower.List(ctx); err != nil {
			return err
		}
	}
	return nil
}

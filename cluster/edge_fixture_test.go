package cluster_test

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// sealed is a message as it is stored.
func sealed(tb testing.TB, m proto.Message) []byte {
	tb.Helper()
	data := encode(tb, m)
	mark := binary.BigEndian.AppendUint32([]byte("roost edge 1\n"), crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
	return append(mark, data...)
}

func writeSealed(tb testing.TB, path string, m proto.Message) {
	tb.Helper()
	if err := os.WriteFile(path, sealed(tb, m), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// sendLocal has a command accepted without the hub, and returns what its sender is told.
func sendLocal(tb testing.TB, g *cluster.Gateway, c *roostv1.Command) (*roostv1.CommandRecord, error) {
	tb.Helper()
	return sendLocalFor(tb, g, c, askWait)
}

func sendLocalFor(tb testing.TB, g *cluster.Gateway, c *roostv1.Command, wait time.Duration) (*roostv1.CommandRecord, error) {
	tb.Helper()
	type answer struct {
		record *roostv1.CommandRecord
		err    error
	}
	answers := make(chan answer, 2)
	g.SubmitLocal(tb.Context(), c, wait, func(r *roostv1.CommandRecord, err error) { answers <- answer{r, err} })
	select {
	case a := <-answers:
		return a.record, a.err
	case <-time.After(wait + time.Second + askWait):
		tb.Fatal("a caller was left without an answer")
		return nil, nil
	}
}

// recordsAt are the records of commands that the control stream has.
func recordsAt(tb testing.TB, o *outpost, filter string) []*roostv1.CommandRecord {
	tb.Helper()
	nc := o.hub.Connect(tb)
	stream := mustStream(tb, jetStream(tb, nc), o.names.ControlStream())
	info, err := stream.Info(tb.Context(), jetstream.WithSubjectFilter(filter))
	if err != nil {
		tb.Fatal(err)
	}
	var all []*roostv1.CommandRecord
	for subject := range info.State.Subjects {
		m, err := stream.GetLastMsgForSubject(tb.Context(), subject)
		if err != nil {
			tb.Fatal(err)
		}
		r := &roostv1.CommandRecord{}
		if err := proto.Unmarshal(m.Data, r); err != nil {
			tb.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

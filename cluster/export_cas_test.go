package cluster

import (
	"context"

	"github.com/nats-io/nats.go"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// WriteOwners writes owners of buses, in place of the records at these sequences, and returns what became of each.
func WriteOwners(ctx context.Context, nc *nats.Conn, names Subjects, expect map[string]uint64) (map[string]error, error) {
	out, err := newCASWriter(nc, names)
	if err != nil {
		return nil, err
	}
	defer out.close()
	var writes []*write
	buses := map[*write]string{}
	for bus, sequence := range expect {
		w := recordWrite(names.Owner(bus), sequence, &roostv1.Ownership{Bus: bus, Gateway: "g1", Incarnation: "run", Nonce: newNonce()})
		writes, buses[w] = append(writes, w), bus
	}
	out.all(ctx, writes)
	ends := map[string]error{}
	for w, bus := range buses {
		ends[bus] = w.err
	}
	return ends, nil
}

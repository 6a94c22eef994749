package cluster

import (
	"encoding/json"

	"github.com/nats-io/nats.go/jetstream"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Codes of the server that say why it refused a write.
const (
	codeWrongSequence jetstream.ErrorCode = 10071 // the sequence differs: read back
	codeWriteInFlight jetstream.ErrorCode = 10164 // another write of the subject is under way: try again
	codeDuplicate     jetstream.ErrorCode = 10201 // a message of the batch is stored already; none of the others is
)

// codesNoRoom are those of a hub whose disk or limits are full.
var codesNoRoom = []jetstream.ErrorCode{10002, 10023, 10028, 10047, 10077}

// pubAck is the server's answer to a message or a batch.
type pubAck struct {
	Stream    string              `json:"stream"`
	Sequence  uint64              `json:"seq"` // of the batch's last message
	Duplicate bool                `json:"duplicate"`
	Count     int                 `json:"count"`
	Error     *jetstream.APIError `json:"error"`
}

// parseAck reads an answer; an empty one is the server's word that nobody took the message.
func parseAck(data []byte) (pubAck, error) {
	if len(data) == 0 {
		return pubAck{}, roostv1.Errorf(roostv1.ErrUnavailable, "no stream takes the message: JetStream is not up at the hub")
	}
	var ack pubAck
	if err := json.Unmarshal(data, &ack); err != nil {
		return pubAck{}, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "the hub's answer cannot be read: %v", err)
	}
	if ack.Error != nil {
		return ack, ack.Error
	}
	if ack.Stream == "" || ack.Sequence == 0 {
		return ack, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "the hub's answer is no acknowledgement: %.80q", data)
	}
	return ack, nil
}

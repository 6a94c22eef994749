package cluster

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// fitRecord encodes a record, and returns what it encodes. Text that is none, as a device may give it, is made
// text: a command's end is not lost for that. A record that is larger than every hub takes loses what is not its outcome, the least
// needed first, and its evidence says so. The error is ErrInvalid: it is too large without all that.
func fitRecord(record *roostv1.CommandRecord) ([]byte, *roostv1.CommandRecord, error) {
	data, err := roostv1.Marshal(record, false)
	if err != nil {
		record = proto.CloneOf(record)
		makeText(record.ProtoReflect())
		data, err = roostv1.Marshal(record, false)
	}
	if err == nil && len(data) <= roostv1.MaxRecord {
		return data, record, nil
	}
	if size := proto.Size(record); size <= roostv1.MaxRecord {
		return nil, nil, err
	}
	smaller := proto.CloneOf(record)
	size := proto.Size(record)
	for _, shrink := range []func(){
		func() { smaller.Evidence = nil },
		func() { smaller.Results = nil },
		func() { smaller.Steps = nil },
		func() { smaller.Transitions = smaller.Transitions[max(0, len(smaller.Transitions)-maxTransitions):] },
		func() { smaller.Status = &roostv1.Status{Code: smaller.Status.GetCode()} },
	} {
		shrink()
		if proto.Size(smaller) > roostv1.MaxRecord-headerRoom {
			continue
		}
		smaller.Learn(&roostv1.Evidence{
			At: record.GetFinishedAt(), Gateway: record.GetGateway(),
			Text: fmt.Sprintf("the record had %d bytes, at most %d are kept: parts of it were left out", size, roostv1.MaxRecord),
		})
		data, err = roostv1.Marshal(smaller, false)
		return data, smaller, err
	}
	return nil, nil, roostv1.Errorf(roostv1.ErrInvalid, "the record of command %s has %d bytes, at most %d can be kept",
		record.GetCommandId(), size, roostv1.MaxRecord)
}

// maxTransitions is how many changes a record that is too large keeps.
const maxTransitions = 16

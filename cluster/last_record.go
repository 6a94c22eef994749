package cluster

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// stored is a message in the control stream.
type stored struct {
	sequence uint64
	at       time.Time // on the hub's clock
	data     []byte
}

// codeNoMessage says that the subject has no message.
const codeNoMessage = 10037

// lastQuestion asks the leader of the control stream for the last message of a subject.
func lastQuestion(names Subjects, subject string) *nats.Msg {
	return &nats.Msg{
		Subject: "$JS.API.STREAM.MSG.GET." + names.ControlStream(),
		Data:    append(append([]byte(`{"last_by_subj":`), strconv.Quote(subject)...), '}'), // a subject has nothing to escape
	}
}

// parseStored reads the answer; nil is no message, false an answer that says nothing.
func parseStored(data []byte) (*stored, bool) {
	var answer struct {
		Message *struct {
			Sequence uint64    `json:"seq"`
			Time     time.Time `json:"time"`
			Data     []byte    `json:"data"`
		} `json:"message"`
		Error *struct {
			Code uint16 `json:"err_code"`
		} `json:"error"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, false
	}
	switch m := answer.Message; {
	case m != nil && m.Sequence > 0:
		return &stored{m.Sequence, m.Time, m.Data}, true
	case answer.Error != nil && answer.Error.Code == codeNoMessage:
		return nil, true
	}
	return nil, false
}
